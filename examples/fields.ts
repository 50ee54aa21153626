// Encrypt the fields of a row and get them back with their types. Usage: node examples/fields.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fieldEncryption, isKmsError, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const box = envelope({
  kms,
  cmk: () => ({ provider: "aws", resource: dev.aws.keys.symmetric }),
  dataKeys: memoryDataKeyStore(), // yours lasts: see seal-open.ts
  recordKey: dev.recordKey,
  service: "crm",
});

const pii = fieldEncryption({
  envelope: box,
  table: "customers",
  rowId: "id", // every value is bound to its row
  fields: { email: {}, phone: {}, born: { type: "date" }, "address.street": {}, tags: { type: "json" } },
});
const mine = pii.for("acme"); // one tenant: make one a request

const ada = {
  id: 42,
  plan: "pro",
  email: "ada@example.com",
  phone: null,
  born: new Date("1815-12-10"),
  address: { street: "12 St James's Square", city: "London" },
  tags: ["early", "vip"],
};
const row = await mine.encrypt(ada); // what goes into the database; `ada` stays as it is
console.log(`stored: ${row.id}, ${row.plan}, ${row.email.slice(0, 8)}…, ${row.born.slice(0, 8)}…, ${row.address.city}`);
console.log(`null stays null: ${row.phone === null}`);

const again = await mine.decrypt(row);
console.log(
  `opened: ${again.email}, born in ${again.born.getUTCFullYear()}, ${again.address.street}, ${JSON.stringify(again.tags)}`,
);

// A page that shows no address never gets one.
const page = await mine.decrypt(row, { only: ["email"] });
console.log(`only the e-mail: ${Object.keys(page).join(", ")}`);

// Whoever can write to the table cannot move a value to another row.
const grace = await mine.encrypt({ ...ada, id: 43, email: "grace@example.com" });
try {
  await mine.decrypt({ ...row, email: grace.email });
} catch (error) {
  if (!isKmsError(error)) throw error;
  console.log(`another row's e-mail: ${error.code} (field ${error.field})`);
}
await kms.close();
