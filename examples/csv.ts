// Seal a CSV file with `cmkit seal`, read one of its rows from a program, and open all of it again.
// Usage: node examples/csv.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fieldEncryption, fileDataKeyStore, multiCloudKms } from "@cmkit/core";
import { parse } from "csv-parse/sync";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const file = process.argv[2] ?? "cmkit.dev.json";
const customers = fileURLToPath(new URL("data/customers.csv", import.meta.url));
const directory = await mkdtemp(`${tmpdir()}/cmkit-example-`);
const [sealed, opened] = [`${directory}/customers.sealed.csv`, `${directory}/customers.csv`];

// In a project of your own: npx cmkit seal …
const main = fileURLToPath(import.meta.resolve("@cmkit/cli")).replace(/index(\.\w+)$/, "main$1");
const cmkit = (...args: string[]): void => void execFileSync(process.execPath, [...process.execArgv, main, ...args]);
const fields = ["--fields", "email,phone", "--row-id", "id", "--table", "customers", "--tenant", "acme"];

cmkit("seal", "--dev", file, ...fields, "--in", customers, "--out", sealed);
type Customer = Record<"id" | "email" | "phone" | "name", string>;
const [row] = parse<Customer>(readFileSync(sealed), { columns: true });
if (row === undefined) throw new Error("expected a row");
console.log(`sealed: ${row.name}, ${row.email.slice(0, 16)}…`);

// The same keys, table, row id and tenant open it anywhere.
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const box = envelope({
  kms,
  cmk: () => ({ provider: "aws", resource: dev.aws.keys.symmetric }),
  dataKeys: fileDataKeyStore(`${sealed}.keys`), // losing this file loses the data
  recordKey: dev.recordKey,
  service: "crm",
});
const pii = fieldEncryption({ envelope: box, table: "customers", rowId: "id", fields: { email: {}, phone: {} } });
const { name, email } = await pii.for("acme").decrypt(row);
console.log(`opened from a program: ${name}, ${email}`);
await kms.close();

cmkit("open", "--dev", file, ...fields, "--in", sealed, "--out", opened);
const cells = (path: string): string => JSON.stringify(parse(readFileSync(path)));
console.log(`all rows opened, and the same as before: ${cells(opened) === cells(customers)}`);
