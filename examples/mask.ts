// A list for support staff, who may not see everything. Usage: node examples/mask.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fieldEncryption, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const box = envelope({
  kms,
  cmk: () => ({ provider: "aws", resource: dev.aws.keys.symmetric }),
  dataKeys: memoryDataKeyStore(),
  recordKey: dev.recordKey,
  service: "crm",
});

const pii = fieldEncryption({
  envelope: box,
  table: "customers",
  rowId: "id",
  fields: {
    email: { mask: "email" },
    phone: { mask: "phone" },
    iban: { mask: "last4" },
    born: { type: "date", mask: (born) => `${born.getUTCFullYear()}` }, // a mask of your own gets the value in its type
    note: {}, // without a mask nothing is shown
  },
});
const acme = pii.for("acme");
const rows = await acme.encryptMany([
  {
    id: 1,
    email: "ada@example.com",
    phone: "+44 20 7946 0123",
    iban: "GB82WEST12345698765432",
    born: new Date("1815-12-10"),
    note: "prefers letters",
  },
  { id: 2, email: "b@example.com", phone: null, iban: null, born: null, note: null },
]);

// Masked where it is decrypted, so that no page, log or cache behind it ever holds more. Each field is text, or null.
for (const { id, email, phone, iban, born, note } of await acme.decryptMany(rows, { mask: true })) {
  console.log([id, email, phone, iban, born, note].map((shown) => shown ?? "-").join(" | "));
}
await kms.close();
