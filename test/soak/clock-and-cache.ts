// What an envelope of the registry holds in its cache while the wall clock is set. Prints how many checks it made, and what was wrong.
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { isKmsError } from "@cmkit/core";

import { appKey, appPath, revocableCloud } from "./application-cloud.ts";
import { openRegistry } from "./check-registry.ts";
import { shiftClock } from "./shifted-clock.ts";
import type { SoakSetUp } from "./soak-server.ts";

const ttlMs = 1000;
const hourMs = 3_600_000;
const setUp = JSON.parse(process.argv[2] ?? "") as Omit<SoakSetUp, "recordKey">;
const recordKey = new Uint8Array(await readFile(`${setUp.directory}/record.key`));
const wrong: string[] = [];
let checks = 0;

for (const stepMs of [-10 * hourMs, -1000, 0, 1000, 10 * hourMs]) await afterStep(stepMs);
process.stdout.write(JSON.stringify({ checks, wrong }));

/** The customer disables the key after a step: one TTL later nothing opens and nothing is sealed. */
async function afterStep(stepMs: number): Promise<void> {
  shiftClock(0);
  const cloud = revocableCloud(recordKey);
  const { registry, close } = openRegistry({ ...setUp, recordKey }, cloud.adapter);
  const project = `cache${stepMs}`;
  await registry.register(project, { provider: "local", resource: appKey, defaultCmk: true });
  const box = registry.envelope({ service: "clock", cache: { ttlMs } });
  const seal = async (): Promise<Uint8Array> => box.seal(Buffer.from("text"), { tenant: project, path: appPath });
  const sealed = await seal();
  const open = async (): Promise<Uint8Array> => box.open(sealed, { tenant: project, path: appPath });
  await open();
  const asked = cloud.requests;
  shiftClock(stepMs);
  await open();
  if (stepMs >= ttlMs) check(cloud.requests > asked, `${stepMs} ms: older than its TTL by the wall clock, and used`);
  cloud.isDisabled = true;
  await wait(ttlMs + 50);
  check((await codeOf(open)) === "key-disabled", `${stepMs} ms: opened one TTL after the key was disabled`);
  check((await codeOf(seal)) === "key-disabled", `${stepMs} ms: sealed one TTL after the key was disabled`);
  cloud.isDisabled = false;
  shiftClock(0);
  await wait(5100); // refusals are remembered for 5 s
  check((await codeOf(open)) === "done", `${stepMs} ms: not opened with the key enabled and the clock right again`);
  await close();
}

function check(holds: boolean, otherwise: string): void {
  checks += 1;
  if (!holds) wrong.push(otherwise);
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "done";
  } catch (error) {
    if (isKmsError(error)) return error.code;
    throw error;
  }
}
