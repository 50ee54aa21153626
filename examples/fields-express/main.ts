// Usage: npm run -s example -- fields-express [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fileDataKeyStore, multiCloudKms } from "@cmkit/core";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { customerApp } from "./app.ts";
import { startPostgres } from "./postgres.ts";
import { createTable } from "./schema.ts";

const file = process.argv[2] ?? "cmkit.dev.json";
const { aws, recordKey } = await readDevFile(file);
const directory = mkdtempSync(`${tmpdir()}/cmkit-fields-`);
process.on("exit", () => rmSync(directory, { recursive: true }));
const { db } = await startPostgres(mkdtempSync(`${tmpdir()}/cmkit-postgres-`));
await db.execute(createTable);

const box = envelope({
  kms: multiCloudKms({ adapters: await devAdapters(file) }),
  // Each tenant brought a key of its own.
  cmk: (tenant) => ({ provider: "aws", resource: tenant === "acme" ? aws.keys.rsa4096 : aws.keys.symmetric }),
  // A file serves one machine; stores in a database come later, with the registry. Whoever loses it loses the rows.
  dataKeys: fileDataKeyStore(`${directory}/data-keys.jsonl`),
  recordKey,
  service: "crm",
  cache: { ttlMs: 60_000 }, // a minute after a tenant has disabled its key, its data is out of reach
});
const app = customerApp(db, box, new Map(Object.entries({ "acme-demo": "acme", "globex-demo": "globex" })));
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
