import { indexedField, type BlindIndexer } from "../src/blind-index.ts";
import { bindContext, type BoundContext } from "../src/context.ts";
import { envelopeSettings, type EnvelopeOptions } from "../src/envelope-options.ts";
import type { HeldKey } from "../src/held-keys.ts";
import { IndexKeys } from "../src/index-keys.ts";
import { bytes, keyA, recordKey, World } from "./envelope-world.ts";

export const acme: BoundContext = bindContext({ tenant: "acme" });
export const email = indexedField("customers", "email", "none");

/** What an indexer makes of one value. */
export function indexOf(indexer: BlindIndexer, value = "ada@example.com"): string {
  return indexer.index(email, bytes(value));
}

/** The index keys of processes that share a KMS, a store and a clock. */
export class IndexWorld extends World {
  readonly dropped: string[] = [];
  readonly refused: unknown[] = [];
  private readonly given: Partial<EnvelopeOptions>;

  constructor(options: Partial<EnvelopeOptions> = {}) {
    super(options);
    this.given = options;
  }

  /** A process. */
  process(options: Partial<EnvelopeOptions> = {}): IndexKeys {
    const { kms, store } = this;
    const settings = envelopeSettings({
      kms,
      cmk: () => keyA,
      dataKeys: store,
      recordKey,
      service: "test",
      ...this.given,
      ...options,
    });
    const onEvict = ({ context }: HeldKey, reason: string): void => void this.dropped.push(`${context.entries.tenant} ${reason}`);
    return new IndexKeys(settings, onEvict, (error) => void this.refused.push(error));
  }

  /** The index that a process gives to one value, asking the KMS if it must; time stands still. */
  async index(keys: IndexKeys, context: BoundContext = acme): Promise<string> {
    return indexOf(keys.cached(context) ?? (await keys.load(context, {})));
  }

  /** `ok`, or the code with which a process is refused an index. */
  async indexCode(keys: IndexKeys, context: BoundContext = acme): Promise<string> {
    return this.code(this.index(keys, context));
  }
}
