import { randomInt } from "node:crypto";

import { devPorts, refuseUsedPorts } from "../src/dev-ports.ts";

/** The first of six ports in a row that are free now. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const first = randomInt(20_000, 30_000); // below those that systems hand out by themselves
    if (await areFree(first)) return first;
  }
}

/** Whether nothing listens on it and the five that follow. */
export async function areFree(first: number): Promise<boolean> {
  return refuseUsedPorts(devPorts(first)).then(
    () => true,
    () => false,
  );
}
