// A registry of customers' keys in one SQLite file: register, seal, move to a new key. Usage: node examples/registry.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { fieldEncryption, multiCloudKms } from "@cmkit/core";
import { cmkRegistry, isRegistryError } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const directory = await mkdtemp(`${tmpdir()}/cmkit-example-`);
const registry = cmkRegistry({
  kms,
  store: sqliteStore(`${directory}/cmkit.db`), // or postgresStore(url) from @cmkit/registry/postgres
  recordKey: dev.recordKey, // 32 bytes of your own, from your secret store
});

// A project is a customer: the same name is the tenant of what you encrypt.
const inAws = { provider: "aws", resource: dev.aws.keys.rsa4096 };
const first = await registry.register("acme", { ...inAws, defaultCmk: true });
const { passed, cmk } = await registry.check("acme", first.id);
console.log(`${cmk.provider}: ${passed ? "works" : "fails"}: ${cmk.validation.message}`);

const pii = fieldEncryption({
  envelope: registry.envelope({ service: "crm" }), // its keys are the registry's, its data keys live in the store
  table: "customers",
  rowId: "id",
  fields: { email: {} },
}).for("acme");
const ada = await pii.encrypt({ id: "1", email: "ada@example.com" });

// The customer moves to another cloud: new data keys go there, old ones open until they are rewrapped.
const inGcp = { provider: "gcp", resource: dev.gcp.keys.symmetric };
const second = await registry.register("acme", { ...inGcp, defaultCmk: true });
await registry.update("acme", first.id, { status: "old" });
const grace = await pii.encrypt({ id: "2", email: "grace@example.com" });
console.log(`opened: ${(await pii.decryptMany([ada, grace])).map(({ email }) => email).join(", ")}`);
for (const { id, provider, status, defaultCmk } of await registry.list("acme")) {
  const dataKeys = await registry.dataKeyCount("acme", id);
  console.log(`${provider}: ${status}${defaultCmk ? ", the default" : ""}, ${dataKeys} data key`);
}

await registry.delete("acme", first.id).catch((error: unknown) => {
  console.log(`deleting: ${isRegistryError(error) ? `${error.code}: ${error.message}` : String(error)}`);
});
await registry.update("acme", second.id, { defaultCmk: true }); // changes nothing, so the audit log has no entry of it
const actions: string[] = [];
for await (const { action } of registry.audit.entries({ project: "acme" })) actions.push(action);
console.log(`audit: ${actions.join(", ")}; verified: ${(await registry.audit.verify()).ok}`);
await registry.close();
await kms.close();
