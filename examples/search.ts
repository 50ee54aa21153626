// Find rows by an encrypted column. Usage: node examples/search.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fieldEncryption, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const box = envelope({
  kms,
  cmk: () => ({ provider: "aws", resource: dev.aws.keys.symmetric }),
  dataKeys: memoryDataKeyStore(), // yours lasts: it holds the index key, too
  recordKey: dev.recordKey,
  service: "crm",
});

// What counts as the same address. To change it, encrypt all rows again: their index values rest on it.
const sameEmail = (email: string): string => email.trim().toLowerCase();
const pii = fieldEncryption({
  envelope: box,
  table: "customers",
  rowId: "id",
  // Whoever sees the column sees which rows of one tenant have equal values, and how many do. It shows neither the values nor
  // what is equal across tenants. What it shows, it shows for as long as it is stored, after a revocation too.
  fields: { email: { index: "emailIndex", normalize: sameEmail } },
});
const acme = pii.for("acme");

const table = await acme.encryptMany([
  { id: 1, email: "Ada@Example.com" },
  { id: 2, email: "grace@example.com" },
  { id: 3, email: "ada@example.com" },
]);
console.log(`an index value has ${table[0]?.emailIndex.length} characters`);

// In SQL: select … where tenant = 'acme' and email_index = $1, with a common index on these two columns.
const wanted = " ADA@example.com";
const index = await acme.index("email", wanted);
const candidates = table.filter((row) => row.emailIndex === index);

// A match is a candidate: whoever can write to the table can copy an index value. Decrypt and compare.
const found = (await acme.decryptMany(candidates)).filter(({ email }) => sameEmail(email) === sameEmail(wanted));
console.log(`found: ${found.map(({ id, email }) => `${id} ${email}`).join(", ")}`);

const elsewhere = await pii.for("globex").index("email", wanted);
console.log(`another tenant has another index: ${elsewhere !== index}`);
await kms.close();
