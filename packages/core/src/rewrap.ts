import { sameCmk, type Cmk, type WrappedKey } from "./cmk.ts";
import { bindContext } from "./context.ts";
import type { DataKeyPurpose } from "./data-key.ts";
import { DataKeyOpener, needsRecordKey, type Candidate, type DataKeySource, type OpenerSettings } from "./data-key-opener.ts";
import { isRecordOf, type DataKeyRecord } from "./data-key-store.ts";
import type { EnvelopeCmk } from "./envelope-options.ts";
import type { Kms } from "./kms.ts";
import { KmsError } from "./kms-error.ts";
import type { KmsKey } from "./kms-key.ts";
import { untilDeadline, type CallOptions } from "./limit.ts";
import { originTagger } from "./origin-tag.ts";
import type { RecordKey } from "./record-mac.ts";
import { wipe } from "./wipe.ts";

/** From where to where data keys move. */
export interface RewrapperOptions {
  readonly kms: Kms;
  /** Checks each data key's origin before any request. Without one, data keys that an RSA key wraps are refused unless `origin: "none"`. */
  readonly recordKey?: RecordKey;
  readonly origin?: "none";
  readonly from: Cmk;
  /** May be `from` itself: then the wrap moves to the key's current version. */
  readonly to: EnvelopeCmk;
}

/**
 * Wraps one data key anew: checks its origin, unwraps it under `from`, compares its id, wraps it under `to`, unwraps that
 * again and compares. Data key, id, context and origin stay; only the wrap under `from` is another one.
 *
 * A data key that has a wrap under `to` beside the one under `from` keeps that one, once it was seen to open to the same.
 * @returns A new record. Nothing has been stored.
 * @throws {KmsError} `decrypt-failed`: the record is not what it should be; `key-removed`: it has no wrap under `from`;
 * whatever the KMS refuses with.
 */
export type Rewrapper = (record: DataKeyRecord, options?: CallOptions) => Promise<DataKeyRecord>;

type Recipients = DataKeyRecord["recipients"];

/** Opening is what proves a wrap; the key is described again so that new wraps follow its rotation, unless it is pinned. */
const describedWithinMs = 60_000;

/** @throws {TypeError} unless every record key is 32 bytes. */
export function rewrapper(options: RewrapperOptions): Rewrapper {
  const rewraps = new Rewraps(options);
  return async (record, limits = {}) => {
    if (!isRecordOf(record.id, record)) throw new KmsError("decrypt-failed");
    const own = copyOf(record);
    return { ...own, recipients: await rewraps.recipients(own.id, own, limits) };
  };
}

/** What the caller holds may change while we wait. A clone by structure would have its context checked again. */
function copyOf({ id, context, service, purpose, origin, recipients, createdAt }: DataKeyRecord): DataKeyRecord {
  const [first, ...further] = recipients;
  return {
    id: new Uint8Array(id),
    context: bindContext(context).entries,
    service,
    purpose,
    origin: origin && new Uint8Array(origin),
    recipients: [copyOfWrap(first), ...further.map(copyOfWrap)],
    createdAt: new Date(createdAt),
  };
}

function copyOfWrap({ cmk: { provider, resource }, keyVersion, bytes, kind }: WrappedKey): WrappedKey {
  return { cmk: { provider, resource }, keyVersion, bytes: new Uint8Array(bytes), ...(kind && { kind }) };
}

/** Replaces the wraps of data keys, wherever those are kept. */
export class Rewraps {
  private readonly kms: Kms;
  private readonly rsaAllowed: boolean;
  private readonly openers: Readonly<Record<DataKeyPurpose, DataKeyOpener>>;
  private readonly to: KmsKey;

  constructor({ kms, recordKey, origin, from: { provider, resource }, to }: RewrapperOptions) {
    this.kms = kms;
    this.rsaAllowed = recordKey !== undefined || origin === "none";
    const settings: OpenerSettings = {
      kms,
      clock: kms.clock,
      origin: recordKey && originTagger(recordKey),
      rsaAllowed: this.rsaAllowed,
      acceptedCmks: async () => [{ provider, resource }],
      dataKeys: undefined,
    };
    this.openers = { field: new DataKeyOpener(settings, "field"), index: new DataKeyOpener(settings, "index") };
    this.to = kms.open(to, to.pin && { pin: to.pin });
  }

  /** Refuses what can be refused before a KMS is asked. @returns The wrap under `from`. @throws {KmsError} */
  async check(id: Uint8Array, source: DataKeySource, limits: CallOptions): Promise<Candidate> {
    const [from] = await this.openers[source.purpose].candidates(id, source, bindContext(source.context), undefined, limits);
    return from;
  }

  /** The recipients with the one under `from` replaced, in its place. @throws {KmsError} */
  async recipients(id: Uint8Array, source: DataKeySource, options: CallOptions): Promise<Recipients> {
    const limits = untilDeadline(options, this.kms.clock);
    const context = bindContext(source.context);
    const opener = this.openers[source.purpose];
    const from = await this.check(id, source, limits);
    const { root } = await opener.unwrapRoot(from, id, context, limits);
    try {
      const standing = await this.standing(from, source.recipients, limits);
      if (standing === undefined) {
        const wrapping = { ...limits, confirmedWithinMs: describedWithinMs, verify: true };
        const wrapped = this.allowed(await this.to.wrapKey(root, context.entries, wrapping));
        return replaced(source.recipients, from, wrapped);
      }
      await opener.unwrap({ key: this.to, wrapped: this.allowed(standing) }, id, context, limits);
      return replaced(source.recipients, from, undefined);
    } finally {
      wipe(root);
    }
  }

  /** The wrap under `to` that a data key with several CMKs has already. */
  private async standing(
    from: Candidate,
    recipients: readonly WrappedKey[],
    limits: CallOptions,
  ): Promise<WrappedKey | undefined> {
    const to = await this.to.resolve(limits);
    return sameCmk(to, from.wrapped.cmk) ? undefined : recipients.find(({ cmk }) => sameCmk(cmk, to));
  }

  private allowed(wrapped: WrappedKey): WrappedKey {
    if (!this.rsaAllowed && wrapped.kind !== "symmetric") throw needsRecordKey();
    return wrapped;
  }
}

/** Whatever else is wrapped under the same CMK goes, too: nothing may depend on it any more. */
function replaced(recipients: readonly WrappedKey[], { wrapped: old }: Candidate, wrapped: WrappedKey | undefined): Recipients {
  const [first, ...further] = recipients.flatMap((recipient) => {
    if (recipient === old) return wrapped ?? [];
    return sameCmk(recipient.cmk, old.cmk) ? [] : recipient;
  });
  if (first === undefined) throw new KmsError("unknown");
  return [first, ...further];
}
