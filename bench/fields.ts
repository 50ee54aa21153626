import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import { envelope, fieldEncryption, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { compare, type Row } from "./measure.ts";
import { plainToken } from "./plain-token.ts";

const records = 300;
const indexes = 5000;
const names = Array.from({ length: 20 }, (_, i) => `field${i}`);

/** A record of 20 strings on a warm cache, text to text, against twenty plain tokens; a blind index against an HMAC. */
export async function fieldsGroup(): Promise<Row[]> {
  const kms = multiCloudKms({ adapters: [local({ keys: { main: { aes256: randomBytes(32) } } })] });
  const cmk = { provider: "local", resource: "local:main" };
  const box = envelope({ kms, cmk: () => cmk, dataKeys: memoryDataKeyStore(), recordKey: randomBytes(32), service: "bench" });
  const declared = Object.fromEntries(names.map((name) => [name, {}]));
  const mine = fieldEncryption({ envelope: box, table: "customers", rowId: "id", fields: declared }).for("acme");
  const searched = fieldEncryption({
    envelope: box,
    table: "customers",
    rowId: "id",
    fields: { email: { index: "emailIndex" } },
  });

  const record: Record<string, string> = { id: "42", ...Object.fromEntries(names.map((name, i) => [name, valueOf(i)])) };
  const plain = plainToken();
  const values = names.map((_, i) => valueOf(i));
  const tokens = values.map((value) => plain.seal(Buffer.from(value)).toString("base64url"));
  const encrypted = await mine.encrypt(record);
  await mine.decrypt(encrypted);

  const tenant = searched.for("acme");
  const hmacKey = createSecretKey(randomBytes(32));
  await tenant.index("email", "ada@example.com");
  return [
    await compare(
      "fields",
      "encrypt 20 fields",
      records,
      async (n) => {
        for (let i = 0; i < n; i += 1) await mine.encrypt(record);
      },
      (n) => {
        for (let i = 0; i < n; i += 1) for (const value of values) plain.seal(Buffer.from(value)).toString("base64url");
      },
    ),
    await compare(
      "fields",
      "decrypt 20 fields",
      records,
      async (n) => {
        for (let i = 0; i < n; i += 1) await mine.decrypt(encrypted);
      },
      (n) => {
        for (let i = 0; i < n; i += 1) for (const token of tokens) plain.open(Buffer.from(token, "base64url")).toString();
      },
    ),
    await compare(
      "fields",
      "blind index",
      indexes,
      async (n) => {
        for (let i = 0; i < n; i += 1) await tenant.index("email", "ada@example.com");
      },
      (n) => {
        for (let i = 0; i < n; i += 1) createHmac("sha256", hmacKey).update("ada@example.com").digest("base64url");
      },
    ),
  ];
}

/** 8 to 46 characters. */
function valueOf(i: number): string {
  return `value ${i} `.padEnd(8 + 2 * i, "of a customer ");
}
