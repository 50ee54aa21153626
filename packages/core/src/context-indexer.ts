import type { BlindIndexer } from "./blind-index.ts";
import type { BoundContext } from "./context.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import { isKmsError } from "./kms-error.ts";
import type { CallOptions } from "./limit.ts";

/** Has indexes made under the index key of one context. */
export class ContextIndexer {
  private readonly engine: EnvelopeEngine;
  private readonly context: BoundContext;

  constructor(engine: EnvelopeEngine, context: BoundContext) {
    this.engine = engine;
    this.context = context;
  }

  /** Undefined where no index key is at hand that may be used. */
  now<T extends string | true>(make: (indexer: BlindIndexer) => T): T | undefined {
    const indexer = this.engine.indexing.cached(this.context);
    this.engine.emit(indexer === undefined ? "miss" : "hit", this.context);
    return indexer && unlessExpired(indexer, make);
  }

  /** Asks for an index key, and for another one where it was dropped before its turn came. @throws {KmsError} */
  async later<T extends string | true>(limits: CallOptions, make: (indexer: BlindIndexer) => T): Promise<T> {
    for (;;) {
      const made = unlessExpired(await this.engine.indexing.load(this.context, limits), make);
      if (made !== undefined) return made;
    }
  }
}

function unlessExpired<T>(indexer: BlindIndexer, make: (indexer: BlindIndexer) => T): T | undefined {
  try {
    return make(indexer);
  } catch (error) {
    if (isKmsError(error) && error.code === "data-key-expired") return undefined;
    throw error;
  }
}
