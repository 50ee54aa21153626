import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { fieldEncryption, type Kms } from "@cmkit/core";
import { cmkRegistry, type Registry } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import type { Customer } from "../data/read-customers.ts";

/** A customer as the application has it: a date is a date or null, an address an object. */
export type CustomerRow = ReturnType<typeof customerRow>;

export function customerRow({ birth_date, address_street, address_city, ...texts }: Customer) {
  const born = birth_date === null || birth_date === "" ? null : new Date(birth_date);
  return { ...texts, address: { street: address_street, city: address_city }, birth_date: born };
}

/** A registry in a file: who brought which key, and the wrapped data keys. The demo's tenants bring one key together. */
export function demoRegistry(kms: Kms, directory: string, recordKey: string): Registry {
  return cmkRegistry({
    kms,
    store: sqliteStore(`${directory}/cmkit.db`),
    recordKey: Buffer.from(recordKey, "base64url"),
    sharedResources: true,
    allowLocal: true,
  });
}

/** The fields of the demo: compact ciphertexts, under the key that the registry has for each tenant. */
export function demoFields(registry: Registry, options: { readonly dataKeyMessages?: number } = {}) {
  return fieldEncryption({
    envelope: registry.envelope({ service: "demo", ...options }),
    table: "customers",
    rowId: "id",
    fields: {
      name: {},
      email: { index: "emailIndex", normalize: (email) => email.trim().toLowerCase(), mask: "email" },
      phone: { mask: "phone" },
      "address.street": {},
      "address.city": {},
      country: {},
      national_id: { mask: "last4" },
      birth_date: { type: "date", mask: (born) => String(born.getUTCFullYear()) },
      notes: { padTo: 64 },
    },
  });
}

export type DemoFields = ReturnType<typeof demoFields>;
/** One customer as the table holds it: one JSON line. */
export type StoredCustomer = Awaited<ReturnType<typeof encryptCustomer>>;

export function encryptCustomer(pii: DemoFields, row: CustomerRow) {
  return pii.for(row.tenant).encrypt(row);
}

/** Encrypts every customer and writes one JSON line each. */
export async function writeEncrypted(pii: DemoFields, rows: readonly CustomerRow[], directory: string): Promise<void> {
  const file = createWriteStream(`${directory}/customers.jsonl`, { mode: 0o600 });
  for (const row of rows) {
    if (!file.write(`${JSON.stringify(await encryptCustomer(pii, row))}\n`)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

/** What `writeEncrypted` wrote, customer by customer. */
export async function* readStored(directory: string): AsyncGenerator<StoredCustomer> {
  for await (const line of createInterface({ input: createReadStream(`${directory}/customers.jsonl`) })) {
    yield JSON.parse(line) as StoredCustomer;
  }
}
