import type { DataKeyStore, KmsEvent } from "@cmkit/core";

/** What a run has needed. */
export interface CipherUse {
  readonly kmsRequests: number;
  /** The ids of the data keys that it made, or opened. */
  readonly dataKeys: readonly string[];
}

/** Counts what a run needs, between the envelope and what it asks. */
export class CipherMeter {
  private kmsRequests = 0;
  private readonly dataKeys = new Set<string>();

  readonly onEvent = (event: KmsEvent): void => {
    if ("attempts" in event && event.type !== "refused") this.kmsRequests += event.attempts;
  };

  /** The store, with the data keys counted that are made in it (`seal`) or found (`open`). */
  watched(store: DataKeyStore, operation: "seal" | "open"): DataKeyStore {
    const note = (id: Uint8Array): void => void this.dataKeys.add(Buffer.from(id).toString("base64url"));
    return {
      ...store,
      add: async (record, options) => {
        const added = await store.add(record, options);
        if (operation === "seal") note(added.id);
        return added;
      },
      get: async (tenant, id, options) => {
        const found = await store.get(tenant, id, options);
        if (operation === "open" && found !== undefined) note(id);
        return found;
      },
    };
  }

  use(): CipherUse {
    return { kmsRequests: this.kmsRequests, dataKeys: [...this.dataKeys] };
  }
}

/** What several workers have needed together. */
export function together(uses: readonly CipherUse[]): CipherUse {
  return {
    kmsRequests: uses.reduce((sum, { kmsRequests }) => sum + kmsRequests, 0),
    dataKeys: [...new Set(uses.flatMap(({ dataKeys }) => dataKeys))],
  };
}
