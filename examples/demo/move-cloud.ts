import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Cmk } from "@cmkit/core";
import type { Customer } from "../data/read-customers.ts";
import type { DemoClouds } from "./clouds.ts";
import { customerRow, demoFields, demoRegistry, writeEncrypted } from "./customer-files.ts";
import { demoKms, type DemoKeys } from "./keys.ts";

/** What became of the data keys, and of the customers that were encrypted under them. */
export interface Moved {
  readonly dataKeys: number;
  readonly rewrapped: number;
  readonly failed: number;
  /** Customers that a fresh process decrypted after the key in AWS was disabled, each compared. */
  readonly opened: number;
}

/** So that there is more to rewrap than a data key a tenant. */
const messagesEach = 100;

/**
 * Encrypts everybody under a key in AWS, moves all data keys to one in Azure, and disables the first.
 *
 * @param open How many customers a fresh process decrypts in a directory.
 */
export async function moveCloud(
  keys: DemoKeys,
  clouds: DemoClouds,
  customers: readonly Customer[],
  open: (directory: string) => Promise<number>,
): Promise<Moved> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  const { kms } = await demoKms(keys);
  const registry = demoRegistry(kms, directory, keys.recordKey);
  const keyIn = (provider: string): Cmk => {
    const found = clouds.keys.find(({ kind, cmk }) => kind === "symmetric" && cmk.provider === provider);
    if (found === undefined) throw new Error(`the demo has no symmetric key in ${provider}`);
    return found.cmk;
  };
  try {
    const tenants = [...new Set(customers.map(({ tenant }) => tenant))];
    const inAws = new Map<string, string>();
    for (const tenant of tenants) {
      const { id } = await registry.register(tenant, { ...keyIn("aws"), defaultCmk: true });
      inAws.set(tenant, id);
    }
    await writeEncrypted(demoFields(registry, { dataKeyMessages: messagesEach }), customers.map(customerRow), directory);
    const counts = { dataKeys: 0, rewrapped: 0, failed: 0 };
    for (const [tenant, from] of inAws) {
      const { id: to } = await registry.register(tenant, keyIn("azure"));
      const { dataKeys, remaining, failed } = await registry.rewrap(tenant, { from, to });
      counts.dataKeys += dataKeys;
      counts.rewrapped += dataKeys - remaining;
      counts.failed += failed.reduce((sum, { count }) => sum + count, 0);
    }
    await clouds.disable(keyIn("aws"));
    return { ...counts, opened: await open(directory) };
  } finally {
    await clouds.enable(keyIn("aws"));
    await registry.close();
    await kms.close();
    await rm(directory, { recursive: true });
  }
}
