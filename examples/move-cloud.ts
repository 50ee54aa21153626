// A customer moves from AWS to Azure: data keys are wrapped anew, the data stays. Usage: node examples/move-cloud.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { fieldEncryption, multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { cmkRegistry, isRegistryError } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const directory = await mkdtemp(`${tmpdir()}/cmkit-example-`);
const store = sqliteStore(`${directory}/cmkit.db`); // or postgresStore(url) from @cmkit/registry/postgres
const registry = cmkRegistry({ kms, store, recordKey: dev.recordKey });

const inAws = await registry.register("acme", { provider: "aws", resource: dev.aws.keys.symmetric, defaultCmk: true });
const envelope = registry.envelope({ service: "crm", dataKeyMessages: 10 }); // a data key for ten values: there is more to move
const pii = fieldEncryption({ envelope, table: "customers", rowId: "id", fields: { email: {} } }).for("acme");
const rows = [];
for (let id = 1; id <= 200; id += 1) rows.push(await pii.encrypt({ id, email: `customer-${id}@example.com` }));

// The new key: its access is checked before anything is changed. From then on it is the default, and the key in AWS is old.
const inAzure = await registry.register("acme", { provider: "azure", resource: dev.azure.keys.rsa2048 });
const moved = await registry.rewrap("acme", {
  from: inAws.id,
  to: inAzure.id,
  onProgress: ({ dataKeys, remaining }) => process.stderr.write(`\r${dataKeys - remaining} of ${dataKeys} data keys `),
});
process.stderr.write("\n");
console.log(`${moved.state}: ${moved.dataKeys - moved.remaining} of ${moved.dataKeys} data keys moved`);

// Nothing in the store depends on the old key any more: that is counted, and written down in the audit log. There are no backups.
const report = await registry.retire("acme", inAws.id, { backupsUntil: new Date() });
console.log(`retire: ${report.versions.reduce((sum, { present }) => sum + present, 0)} data keys left under it`);
console.log(`safe to destroy: ${report.safeToDestroy}. What this cannot see:`);
for (const sentence of report.cannotSee) console.log(`- ${sentence}`);
await registry.delete("acme", inAws.id);

const aws = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
await aws.disableKey(dev.aws.keys.symmetric);
const opened = await pii.decryptMany(rows);
console.log(`with the old key disabled: ${opened.length} of ${rows.length} rows open`);
await registry.retire("acme", inAzure.id).catch((error: unknown) => {
  console.log(`retiring the new one: ${isRegistryError(error) ? error.code : String(error)}`);
});
await aws.enableKey(dev.aws.keys.symmetric);
await registry.close();
await kms.close();
