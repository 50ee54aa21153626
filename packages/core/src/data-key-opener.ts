import { sameCmk, type WrappedKey } from "./cmk.ts";
import { bindContext, type BoundContext } from "./context.ts";
import { deriveDataKey, type DataKey, type DataKeyPurpose } from "./data-key.ts";
import { isRecordOf, type DataKeyRecord } from "./data-key-store.ts";
import type { EnvelopeCmk, EnvelopeSettings } from "./envelope-options.ts";
import { isKmsError, KmsError, type KmsErrorCode } from "./kms-error.ts";
import type { KmsKey } from "./kms-key.ts";
import type { CallOptions } from "./limit.ts";
import { askStore } from "./ask-store.ts";
import { Refusals, type OfRefused } from "./refusals.ts";
import type { SealedMessage } from "./sealed-message.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** What a message, or the store for it, says of its data key. */
export type DataKeySource = Pick<DataKeyRecord, "context" | "purpose" | "origin"> & {
  readonly recipients: readonly WrappedKey[];
};

/** What of an envelope's settings an open needs. */
export type OpenerSettings = Pick<EnvelopeSettings, "kms" | "clock" | "origin" | "rsaAllowed" | "acceptedCmks" | "dataKeys">;

/** A recipient of a data key that an accepted CMK can open. */
export interface Candidate {
  readonly key: KmsKey;
  readonly wrapped: WrappedKey;
}

/**
 * The order of an open between cache and cipher. Everything before the KMS is local, so that hostile input costs no call:
 * record by (tenant, id), context, origin tag, accepted CMK. Then the KMS, the derivation, and the id.
 */
export class DataKeyOpener {
  private readonly settings: OpenerSettings;
  private readonly purpose: DataKeyPurpose;
  private readonly refusals: Refusals;

  /** @param purpose Of the data keys that it opens: it takes no others. */
  constructor(settings: OpenerSettings, purpose: DataKeyPurpose) {
    this.settings = settings;
    this.purpose = purpose;
    this.refusals = new Refusals(settings.clock);
  }

  forgetRefusals(of: OfRefused): void {
    this.refusals.forget(of);
  }

  /** Of a message's data key. @throws {KmsError} `unknown-data-key`; `decrypt-failed` for a record that is not what it should be. */
  async source(message: SealedMessage, context: BoundContext, limits: CallOptions): Promise<DataKeySource> {
    if (message.profile === "portable") {
      return { context: context.entries, purpose: "field", origin: message.origin, recipients: message.recipients };
    }
    const { dataKeys } = this.settings;
    if (dataKeys === undefined) throw new KmsError("unsupported", { detail: "compact messages need a data-key store" });
    const get = async (signal: AbortSignal): Promise<DataKeyRecord | undefined> =>
      dataKeys.get(context.entries.tenant, message.id, { signal });
    const record = await askStore(limits, this.settings.clock, get);
    if (record === undefined) throw new KmsError("unknown-data-key");
    if (!isRecordOf(message.id, record)) throw new KmsError("decrypt-failed");
    return record;
  }

  /**
   * The recipients that may be tried, in the order in which the CMKs are accepted.
   * @param escrow The name of the one escrow CMK that is meant; without it those are left out.
   */
  async candidates(
    id: Uint8Array,
    source: DataKeySource,
    context: BoundContext,
    escrow: string | undefined,
    limits: CallOptions,
  ): Promise<[Candidate, ...Candidate[]]> {
    const { origin, rsaAllowed } = this.settings;
    if (source.purpose !== this.purpose || bindContext(source.context).key !== context.key) throw new KmsError("decrypt-failed");
    if (origin !== undefined && !(source.origin !== null && origin.verify(source.origin, this.purpose, context, id))) {
      throw new KmsError("decrypt-failed");
    }
    const { tenant } = context.entries;
    const accepted = (await this.settings.acceptedCmks(tenant, limits)).filter((cmk) => cmk.escrow === escrow);
    const candidates = await this.matching(accepted, source.recipients, tenant, limits);
    if (!rsaAllowed && candidates.some(({ wrapped }) => wrapped.kind !== "symmetric")) throw needsRecordKey();
    const [first, ...further] = candidates;
    if (first === undefined) throw new KmsError("key-removed");
    return [first, ...further];
  }

  /** Unwraps and derives. @throws {KmsError} `decrypt-failed`: also when the root is of another data key. */
  async unwrap(candidate: Candidate, id: Uint8Array, context: BoundContext, limits: CallOptions): Promise<DataKey> {
    const { root, dataKey } = await this.unwrapRoot(candidate, id, context, limits);
    wipe(root);
    return dataKey;
  }

  /** The same, with the root: the caller wipes it. */
  async unwrapRoot(
    { key, wrapped }: Candidate,
    id: Uint8Array,
    context: BoundContext,
    limits: CallOptions,
  ): Promise<{ root: Uint8Array; dataKey: DataKey }> {
    const root = await key.unwrapKey(wrapped, context.entries, limits).catch((error: unknown) => {
      // The kind stood in the message or record: that the CMK is of another one is a fault of theirs, not of the CMK.
      throw isKmsError(error) && error.code === "wrong-key-type" ? new KmsError("decrypt-failed", { cause: error }) : error;
    });
    const dataKey = deriveDataKey(root, this.purpose, context);
    if (nodeCrypto().timingSafeEqual(dataKey.id, id)) return { root, dataKey };
    wipe(root);
    throw new KmsError("decrypt-failed");
  }

  /** Recipients of the accepted CMKs. Aliases are resolved, by a request the first time, only where nothing else matches. */
  private async matching(
    accepted: readonly EnvelopeCmk[],
    recipients: readonly WrappedKey[],
    tenant: string,
    limits: CallOptions,
  ): Promise<Candidate[]> {
    const keys = accepted
      .filter(({ provider }) => recipients.some(({ cmk }) => cmk.provider === provider))
      .map((cmk) => this.settings.kms.open(cmk, cmk.pin && { pin: cmk.pin }));
    const ofKeys = (): Candidate[] =>
      keys.flatMap((key) => recipients.filter(({ cmk }) => sameCmk(cmk, key.cmk)).map((wrapped) => ({ key, wrapped })));
    const known = ofKeys();
    if (known.length > 0) return known;
    let refused: unknown;
    for (const key of keys) {
      await this.resolve(key, tenant, limits).catch((error: unknown) => {
        refused ??= error;
      });
      const found = ofKeys();
      if (found.length > 0) return found;
    }
    if (refused !== undefined) throw refused;
    return [];
  }

  /** What an alias means; a refusal is remembered, so that strangers' messages cannot have us ask again and again. */
  private async resolve(key: KmsKey, tenant: string, limits: CallOptions): Promise<void> {
    const refusal = JSON.stringify([tenant, key.cmk]);
    this.refusals.check(refusal);
    try {
      await key.resolve(limits);
    } catch (error) {
      this.refusals.note(refusal, error, { tenant, cmk: undefined }); // it may be any key
      throw error;
    }
  }
}

const passing: ReadonlySet<KmsErrorCode> = new Set<KmsErrorCode>(["unavailable", "timeout", "throttled"]);

/** Whether failover may try another recipient after this: never after a refusal. */
export function isPassing(error: unknown): boolean {
  return isKmsError(error) && passing.has(error.code);
}

export function needsRecordKey(): KmsError {
  const detail = 'an RSA CMK needs a recordKey (or origin: "none"): anyone with its public key can make wraps';
  return new KmsError("unsupported", { detail });
}
