// A customer brings its key, step by step: what to grant, a check that fails, the grant, a check that passes.
// Usage: node examples/onboard-a-customer.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { cmkRegistry } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const registry = cmkRegistry({
  kms,
  store: sqliteStore(`${await mkdtemp(`${tmpdir()}/cmkit-example-`)}/cmkit.db`),
  recordKey: dev.recordKey,
  accessors: { aws: { principal: "arn:aws:iam::444455556666:role/crm-backend" } }, // whom your customers grant access
});

// 1. The customer says which key it is. Nothing is asked of any cloud yet.
const resource = dev.aws.keys.symmetric;
const { id } = await registry.register("acme", { provider: "aws", resource });

// 2. You show the customer what to paste. Here it is JSON for the key's policy.
for (const { form, title } of await registry.grants("acme", id)) console.log(`${form}: ${title}`);

// 3. It has not pasted it yet: the check says which permission is missing, and which grant adds just that.
const customer = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
await customer.deny(resource, { action: "Decrypt" });
const before = await registry.check("acme", id);
console.log(`before: ${before.cmk.validation.phase}: ${before.cmk.validation.code}, missing ${before.missing?.permission}`);

// 4. Now it has.
await customer.allow(resource);
const after = await registry.check("acme", id);
console.log(`after: ${after.passed ? "passed" : after.cmk.validation.message}`);
for (const { severity, message } of after.lints) console.log(`${severity}: ${message}`);

// 5. From now on the customer's data goes under its key. Check all keys now and then: `cmkit cmks check --all`.
await registry.update("acme", id, { defaultCmk: true });
const box = registry.envelope({ service: "crm" });
const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant: "acme" });
console.log(`sealed and opened: ${Buffer.from(await box.open(sealed, { tenant: "acme" })).toString()}`);
await registry.close();
await kms.close();
