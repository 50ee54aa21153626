import type { WrappedKey } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { needsRecordKey } from "./data-key-opener.ts";
import type { EnvelopeCmk, EnvelopeSettings } from "./envelope-options.ts";
import { KmsError } from "./kms-error.ts";
import type { KmsKey, WrapOptions } from "./kms-key.ts";
import { areReadable } from "./sealed-message.ts";
import { wipe } from "./wipe.ts";

/** A root as one CMK has wrapped it. */
export interface Recipient {
  readonly cmk: EnvelopeCmk;
  readonly key: KmsKey;
  readonly wrapped: WrappedKey;
}

/** A question to a CMK: whoever asks decides what a refusal means. */
export type AskCmk = <T>(key: KmsKey, ask: () => Promise<T>) => Promise<T>;

/** The root of a new data key, and one wrap a CMK. The caller wipes `root`. */
export interface NewRoot {
  readonly root: Uint8Array;
  readonly recipients: readonly [Recipient, ...Recipient[]];
}

/**
 * Has the first CMK make a root, and wraps it under the others.
 *
 * @param limits.verify Has every CMK but escrow ones open its wrap.
 * @throws {KmsError}
 */
export async function newRoot(
  { kms, confirms, rsaAllowed }: EnvelopeSettings,
  [cmk, ...further]: readonly [EnvelopeCmk, ...EnvelopeCmk[]],
  context: BoundContext,
  limits: WrapOptions,
  asking: AskCmk,
): Promise<NewRoot> {
  const optionsFor = ({ escrow }: EnvelopeCmk): WrapOptions => ({
    ...limits,
    confirmedWithinMs: confirms ? 0 : Infinity,
    verify: limits.verify === true && escrow === undefined,
  });
  const open = (of: EnvelopeCmk): KmsKey => kms.open(of, of.pin && { pin: of.pin });
  const first = open(cmk);
  const others = further.map((cmk) => ({ cmk, key: open(cmk) }));
  const { key: root, wrapped } = await asking(first, async () => first.generateDataKey(context.entries, optionsFor(cmk)));
  try {
    const recipients: [Recipient, ...Recipient[]] = [{ cmk, key: first, wrapped }];
    for (const { cmk, key } of others) {
      const wrap = async (): Promise<WrappedKey> => key.wrapKey(root, context.entries, optionsFor(cmk));
      recipients.push({ cmk, key, wrapped: await asking(key, wrap) });
    }
    const wraps = recipients.map((recipient) => recipient.wrapped);
    if (!rsaAllowed && wraps.some(({ kind }) => kind !== "symmetric")) throw needsRecordKey();
    if (!areReadable(wraps)) throw new KmsError("unsupported", { detail: "a data key takes at most 8 CMKs, each CMK once" });
    return { root, recipients };
  } catch (error) {
    wipe(root);
    throw error;
  }
}

/** The wraps alone, as a record keeps them. */
export function wrapsOf([first, ...further]: NewRoot["recipients"]): [WrappedKey, ...WrappedKey[]] {
  return [first.wrapped, ...further.map(({ wrapped }) => wrapped)];
}
