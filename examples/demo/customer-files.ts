import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { envelope, fileDataKeyStore, fromText, toText, type Cmk, type Envelope, type Kms } from "@cmkit/core";
import type { Customer } from "../data/read-customers.ts";

/** A customer as stored: who it is in clear, every other field sealed, null as null. */
interface StoredCustomer {
  readonly id: string;
  readonly tenant: string;
  readonly sealed: Readonly<Record<string, string | null>>;
}

/** The envelope of the demo: compact messages, wrapped data keys in a file beside them. */
export function demoEnvelope(kms: Kms, cmk: Cmk, directory: string, recordKey: string): Envelope {
  const dataKeys = fileDataKeyStore(`${directory}/data-keys.jsonl`);
  return envelope({ kms, cmk: () => cmk, dataKeys, recordKey: Buffer.from(recordKey, "base64url"), service: "demo" });
}

/** Seals every field of every customer and writes one JSON line each. */
export async function writeSealed(box: Envelope, customers: readonly Customer[], directory: string): Promise<void> {
  const file = createWriteStream(`${directory}/customers.jsonl`, { mode: 0o600 });
  for (const { id, tenant, ...fields } of customers) {
    using sealer = await box.sealer({ tenant });
    const sealed: Record<string, string | null> = {};
    for (const [name, value] of Object.entries(fields)) {
      sealed[name] = value === null ? null : toText(sealer.seal(Buffer.from(value), ["customers", name, id]));
    }
    if (!file.write(`${JSON.stringify({ id, tenant, sealed })}\n`)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

/** Opens what `writeSealed` wrote, customer by customer. */
export async function* readSealed(box: Envelope, directory: string): AsyncGenerator<Record<string, string | null>> {
  for await (const line of createInterface({ input: createReadStream(`${directory}/customers.jsonl`) })) {
    const { id, tenant, sealed } = JSON.parse(line) as StoredCustomer;
    const customer: Record<string, string | null> = { id, tenant };
    for (const [name, text] of Object.entries(sealed)) {
      customer[name] =
        text === null ? null : Buffer.from(await box.open(fromText(text), { tenant, path: ["customers", name, id] })).toString();
    }
    yield customer;
  }
}
