import { BoundedUnwraps, type OnRefused } from "./bounded-unwraps.ts";
import { ConfirmedKeys, type Confirmed, type ConfirmedKey } from "./confirmed-keys.ts";
import type { BoundContext } from "./context.ts";
import { contentOpener, type ContentOpener } from "./content-cipher.ts";
import { idKey } from "./data-key.ts";
import { DataKeyOpener } from "./data-key-opener.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import type { EvictReason, HeldKey, HeldKeys } from "./held-keys.ts";
import type { CallOptions } from "./limit.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { Refusals, type OfRefused } from "./refusals.ts";
import { encodeRecipients, type SealedMessage } from "./sealed-message.ts";

/** A data key that was just unwrapped. */
export type Loaded = Confirmed<ContentOpener>;

/** The data keys that open: unwrapped by the KMS at most one TTL ago, one call however many ask. */
export class ReadingKeys {
  private readonly keys: ConfirmedKeys<ContentOpener>;
  private readonly opener: DataKeyOpener;
  private readonly unwraps: BoundedUnwraps;
  private readonly refusals: Refusals;

  constructor(settings: EnvelopeSettings, onEvict: (key: HeldKey, reason: EvictReason) => void, onRefused: OnRefused) {
    this.keys = new ConfirmedKeys(settings, onEvict);
    this.opener = new DataKeyOpener(settings, "field");
    this.unwraps = new BoundedUnwraps(settings, this.opener, onRefused);
    this.refusals = new Refusals(settings.clock);
  }

  get held(): HeldKeys<ConfirmedKey<ContentOpener>> {
    return this.keys.held;
  }

  /** The warm path: synchronous, no hashing. */
  cached(message: SealedMessage, context: BoundContext): ContentOpener | undefined {
    return this.keys.cached(idKey(message.id), context);
  }

  /** @throws {KmsError} */
  async load(message: SealedMessage, context: BoundContext, escrow: string | undefined, options: CallOptions): Promise<Loaded> {
    const id = idKey(message.id);
    const flight = JSON.stringify([id, context.key, message.profile, escrow, digestOfWraps(message)]);
    const own = ownCopy(message); // others may join, and the caller's bytes may change meanwhile
    // What was opened under escrow is not kept: it says nothing about the customer's own key.
    const name = escrow === undefined ? id : undefined;
    const ask = async (limits: CallOptions): Promise<Loaded> => this.unwrap(own, context, escrow, limits);
    return this.keys.load({ context, flight, name, ask }, options);
  }

  /** For the call that loaded it. @throws {KmsError} `timeout`: by now the KMS's answer is older than the TTL. */
  fresh(loaded: Loaded): ContentOpener {
    return this.keys.fresh(loaded);
  }

  private async unwrap(
    message: SealedMessage,
    context: BoundContext,
    escrow: string | undefined,
    limits: CallOptions,
  ): Promise<Loaded> {
    const unknown = `${context.key}\0${idKey(message.id)}`;
    if (message.profile === "compact") this.refusals.check(unknown);
    const source = await this.opener.source(message, context, limits).catch((error: unknown) => {
      this.refusals.note(unknown, error, { tenant: context.entries.tenant, cmk: undefined });
      throw error;
    });
    const candidates = await this.opener.candidates(message.id, source, context, escrow, limits);
    const { dataKey, wrapped, confirmed } = await this.unwraps.oneOf(candidates, message.id, context, limits);
    return { value: contentOpener(dataKey, context), cmk: wrapped.cmk, confirmed };
  }

  forgetRefusals(of: OfRefused): void {
    this.refusals.forget(of);
    this.unwraps.forgetRefusals(of);
    this.opener.forgetRefusals(of);
  }
}

/** Two portable messages of one data key may carry different wraps: one that was tampered with must not fail the other. */
export function digestOfWraps({ origin, recipients }: SealedMessage): string | undefined {
  if (recipients.length === 0) return undefined;
  const hash = nodeCrypto().createHash("sha256").update(encodeRecipients(recipients));
  return hash.update(origin ?? new Uint8Array(0)).digest("base64url");
}

/** A message without its content, and without the caller's bytes, which may change and may be a view of much more. */
function ownCopy({ profile, id, origin, recipients }: SealedMessage): SealedMessage {
  const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  const none = new Uint8Array(0);
  return {
    profile,
    id: own(id),
    origin: origin && own(origin),
    recipients: recipients.map((wrapped) => ({ ...wrapped, bytes: own(wrapped.bytes) })),
    iv: none,
    ciphertext: none,
    protectedHeader: none,
  };
}
