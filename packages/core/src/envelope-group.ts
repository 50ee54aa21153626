import type { Cmk } from "./cmk.ts";
import { envelopeAmong, type Envelope } from "./envelope.ts";
import type { EnvelopeOptions } from "./envelope-options.ts";
import { HeldTables } from "./held-tables.ts";
import { KmsError, type KmsErrorCode } from "./kms-error.ts";

/** Envelopes of one process: when one of them hears that the key refuses, all of them drop what rests on it. */
export interface EnvelopeGroup {
  /** One more, for as long as the group lives. @throws {TypeError | RangeError} as `envelope` does. */
  envelope(options: EnvelopeOptions): Envelope;
  /** Purges them all. @see Envelope */
  purge(cmk?: Cmk, tenant?: string): void;
  /**
   * Tells them what a KMS answered somebody else who asked for a tenant: they drop what rests on the key if the key itself
   * refuses. `access-denied` may be about who asked, or for what context, and drops nothing.
   *
   * @param cmk As data keys name it: no alias.
   */
  answered(code: KmsErrorCode, tenant: string, cmk: Cmk): void;
}

export function envelopeGroup(): EnvelopeGroup {
  const tables = new HeldTables();
  const envelopes: Envelope[] = [];
  return {
    envelope(options) {
      const made = envelopeAmong(tables, options);
      envelopes.push(made);
      return made;
    },
    purge(cmk, tenant) {
      for (const each of envelopes) each.purge(cmk, tenant);
    },
    answered(code, tenant, cmk) {
      tables.keyRefused(new KmsError(code), tenant, cmk);
    },
  };
}
