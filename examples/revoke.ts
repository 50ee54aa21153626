// The customer pulls the plug: reading and writing stop within the TTL. Usage: node examples/revoke.ts [cmkit.dev.json]
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { devAdapters, readDevFile } from "@cmkit/cli";
import { isKmsError, multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { cmkRegistry } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const store = sqliteStore(`${await mkdtemp(`${tmpdir()}/cmkit-example-`)}/cmkit.db`);
const registry = cmkRegistry({ kms, store, recordKey: dev.recordKey });
const customer = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
const resource = dev.aws.keys.symmetric;
await registry.register("acme", { provider: "aws", resource, defaultCmk: true });

const ttlMs = 1500; // the default and the maximum is 30 minutes
const box = registry.envelope({ service: "crm", cache: { ttlMs } });
const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant: "acme" });
const read = async (): Promise<string> => Buffer.from(await box.open(sealed, { tenant: "acme" })).toString();
await read();

await customer.disableKey(resource);
const disabledAt = performance.now();
for (let reads = 0; ; reads += 1) {
  try {
    await read();
    await pause(20);
  } catch (error) {
    if (!isKmsError(error)) throw error;
    const withinTtl = performance.now() - disabledAt <= ttlMs + 500;
    console.log(`after ${reads > 0 ? "some" : "no"} more reads: ${error.code}, within the TTL: ${withinTtl}`);
    break;
  }
}
await box.seal(Buffer.from("new"), { tenant: "acme" }).catch((error: unknown) => {
  console.log(`writing: ${isKmsError(error) ? error.code : String(error)}`);
});

// A refusal is remembered for 5 s, and with a longer TTL nobody asks for minutes: who knows that something changed says so.
await customer.enableKey(resource);
await registry.purge("acme");
console.log(`enabled again, what was sealed opens again: ${await read()}`);

await customer.disableKey(resource);
await registry.purge("acme"); // on PostgreSQL it reaches every process within a second
await read().catch((error: unknown) =>
  console.log(`disabled, and purged: ${isKmsError(error) ? error.code : String(error)} at once`),
);
await customer.enableKey(resource);
await registry.close();
await kms.close();
