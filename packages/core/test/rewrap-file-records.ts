import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindContext, type Context } from "../src/context.ts";
import type { Cmk } from "../src/cmk.ts";
import { deriveDataKey } from "../src/data-key.ts";
import { encodeRecord } from "../src/data-key-record-line.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { multiCloudKms, type Kms } from "../src/kms.ts";
import { local } from "../src/local.ts";
import { originTagger } from "../src/origin-tag.ts";
import { RecordFile } from "../src/record-file.ts";
import { rewrapDataKeyFile, type DataKeyFileRewrap, type RewrapDataKeyFileOptions } from "../src/rewrap-data-key-file.ts";

export const keyA: Cmk = { provider: "local", resource: "local:a" };
export const keyB: Cmk = { provider: "local", resource: "local:b" };
export const keyC: Cmk = { provider: "local", resource: "local:c" };
export const fileRecordKey: Uint8Array = new Uint8Array(32).fill(7);

const tagger = originTagger(fileRecordKey);

/** The same keys in every process. */
export function fileKms(): Kms {
  const aes = (byte: number): { aes256: Uint8Array } => ({ aes256: new Uint8Array(32).fill(byte) });
  return multiCloudKms({ adapters: [local({ keys: { a: aes(1), b: aes(2), c: aes(3) } })] });
}

/** A genuine data key. */
export async function fileRecord(
  kms: Kms,
  cmk: Cmk,
  purpose: DataKeyRecord["purpose"] = "field",
  context: Context = { tenant: "acme" },
): Promise<DataKeyRecord> {
  const root = new Uint8Array(randomBytes(32));
  const bound = bindContext(context);
  const { id } = deriveDataKey(root, purpose, bound);
  const recipients = [await kms.open(cmk).wrapKey(root, context)] as const;
  return { id, context, service: "test", purpose, origin: tagger.tag(purpose, bound, id), recipients, createdAt: new Date() };
}

/** The key whose wrap of a record opens to its data key, if the record names no other. */
async function opensUnder(kms: Kms, { id, context, purpose, recipients }: DataKeyRecord): Promise<string> {
  const [wrapped, ...others] = recipients;
  const root = await kms.open(wrapped.cmk).unwrapKey(wrapped, context);
  const derived = deriveDataKey(root, purpose, bindContext(context));
  return others.length === 0 && Buffer.compare(derived.id, id) === 0 ? wrapped.cmk.resource : "nothing";
}

/** A folder of data-key files, all under the same keys. */
export class DataKeyFiles {
  readonly kms: Kms = fileKms();
  readonly folder: string = mkdtempSync(join(tmpdir(), "cmkit-rewrap-file-"));
  private files = 0;

  newPath(): string {
    return join(this.folder, `data-keys-${(this.files += 1)}.jsonl`);
  }

  /** A file of data keys under `local:a`, the second of them an index key. */
  async make(count: number): Promise<{ readonly path: string; readonly records: DataKeyRecord[] }> {
    const path = this.newPath();
    const purposes: DataKeyRecord["purpose"][] = Array.from({ length: count }, (_none, i) => (i === 1 ? "index" : "field"));
    const records = await Promise.all(purposes.map(async (purpose) => fileRecord(this.kms, keyA, purpose)));
    writeFileSync(path, records.map((record) => `${encodeRecord(record)}\n`).join(""));
    return { path, records };
  }

  /** From `local:a` to `local:b`, unless `options` say otherwise. */
  async move(path: string, options: Partial<RewrapDataKeyFileOptions> = {}): Promise<DataKeyFileRewrap> {
    return rewrapDataKeyFile(path, { kms: this.kms, recordKey: fileRecordKey, from: keyA, to: keyB, ...options });
  }

  async records(path: string): Promise<readonly DataKeyRecord[]> {
    return (await new RecordFile(path).all()).records;
  }

  /** How many data keys open under which key; there should be none under `nothing`. */
  async keys(path: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const record of await this.records(path)) {
      const key = await opensUnder(this.kms, record);
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
