// The customer pulls the plug: reading and writing stop within the TTL. Usage: node examples/revoke.ts [cmkit.dev.json]
import { setTimeout as pause } from "node:timers/promises";
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, isKmsError, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const customer = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
const resource = dev.aws.keys.symmetric;

const ttlMs = 1500; // the default and the maximum is 30 minutes
const box = envelope({
  kms,
  cmk: () => ({ provider: "aws", resource }),
  dataKeys: memoryDataKeyStore(),
  recordKey: dev.recordKey,
  service: "crm",
  cache: { ttlMs },
});
const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant: "acme" });
await box.open(sealed, { tenant: "acme" });

await customer.disableKey(resource);
const disabledAt = performance.now();
for (let reads = 0; ; reads += 1) {
  try {
    await box.open(sealed, { tenant: "acme" });
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

await customer.enableKey(resource);
console.log("enabled again; a refusal is remembered for 5 s, so this waits for them…");
await pause(5100);
const again = await box.open(sealed, { tenant: "acme" });
console.log(`what was sealed opens again: ${Buffer.from(again).toString()}`);
await kms.close();
