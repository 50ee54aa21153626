import type { DataKeyPurpose } from "../src/data-key.ts";
import { memoryDataKeyStore, type DataKeyRecord } from "../src/data-key-store.ts";
import { bindContext, type Context } from "../src/context.ts";
import type { EnvelopeOptions } from "../src/envelope-options.ts";
import type { Cmk } from "../src/cmk.ts";
import type { Kms } from "../src/kms.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { bytes, textOf } from "./envelope-world.ts";
import { IndexWorld } from "./index-world.ts";

export const context: Context = { tenant: "acme", region: "eu" };
const { tenant, ...further } = context;

/** Data keys of real envelopes over a scripted KMS, and what still works with them. */
export class RewrapWorld extends IndexWorld {
  private sealed: Uint8Array = new Uint8Array(0);
  private indexed = "";

  /** A data key that is in use: something was sealed, or indexed, with it. */
  async made(purpose: DataKeyPurpose, cmks: readonly Cmk[], options: Partial<EnvelopeOptions> = {}): Promise<DataKeyRecord> {
    if (purpose === "index") this.indexed = await this.index(this.process({ ...options, cmk: () => cmks }), bindContext(context));
    else {
      const box = this.another({ ...options, cmk: () => cmks });
      this.sealed = await this.settle(box.seal(bytes("Ada"), { tenant, context: further }));
    }
    const record = this.store.records.at(-1);
    if (record === undefined) throw new Error("expected a record to have been stored");
    this.scripted.calls.length = 0;
    return record;
  }

  /** What was sealed, or whether the same value has the same index, by a process that accepts one CMK alone; else the code. */
  async used(record: DataKeyRecord, cmk: Cmk, options: Partial<EnvelopeOptions> = {}): Promise<string> {
    const dataKeys = memoryDataKeyStore();
    await dataKeys.add(record);
    const alone = { ...options, dataKeys, cmk: () => cmk };
    const read = async (): Promise<string> => {
      if (record.purpose === "field") return textOf(await this.another(alone).open(this.sealed, { tenant, context: further }));
      return (await this.index(this.process(alone), bindContext(context))) === this.indexed ? "same index" : "another index";
    };
    return this.settle(read()).catch((error: { code: string }) => error.code);
  }

  /** `OPERATION RESOURCE` of each request since the data key was made. */
  get requests(): string[] {
    return this.scripted.calls.map(({ operation, resource }) => `${operation} ${resource}`);
  }

  /** The same `Kms`, and every root that it handed out. */
  watched(): { readonly kms: Kms; readonly roots: Uint8Array[] } {
    const roots: Uint8Array[] = [];
    const watch = (key: KmsKey): KmsKey =>
      Object.create(key, {
        unwrapKey: {
          value: async (...given: Parameters<KmsKey["unwrapKey"]>) => {
            const root = await key.unwrapKey(...given);
            roots.push(root);
            return root;
          },
        },
      }) as KmsKey;
    return { kms: { ...this.kms, open: (cmk, options) => watch(this.kms.open(cmk, options)) }, roots };
  }
}
