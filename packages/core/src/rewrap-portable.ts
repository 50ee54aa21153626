import { ContextTable } from "./context-table.ts";
import { KmsError } from "./kms-error.ts";
import type { CallOptions } from "./limit.ts";
import { Rewraps, type RewrapperOptions } from "./rewrap.ts";
import { areReadable, encodeRecipients, parseSealed } from "./sealed-message.ts";

/** Whose message it is, and from where to where its data key moves. */
export interface RewrapPortableOptions extends RewrapperOptions, CallOptions {
  readonly tenant: string;
  /** The context entries beside the tenant with which it was sealed. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Moves a portable message from one key to another. The data key stays, and everything before the recipients, the origin tag
 * too, byte for byte: it opens to the same, and only the wrap under `from` is another one. Each message has its own wraps, so
 * each copy of each message is to be rewrapped, and a copy that is not still opens under `from`.
 *
 * The tag is checked, the wrap opened, its id compared; what the content says is not looked at.
 * @param sealed A portable message as bytes (`fromText` reads the text form). Borrowed.
 * @returns A new `Uint8Array`.
 * @throws {KmsError} `malformed`; `unsupported` for a compact message, whose data key is in a store; `decrypt-failed`: another
 * tenant or context, or any change of id, tag or wrap; `key-removed`: it has no wrap under `from`; whatever the KMS refuses with.
 * @see docs/envelope-format.md §19
 */
export async function rewrapPortable(sealed: Uint8Array, options: RewrapPortableOptions): Promise<Uint8Array> {
  if (!(sealed instanceof Uint8Array)) throw new TypeError("expected sealed bytes as a Uint8Array");
  const own = new Uint8Array(sealed); // the caller's bytes may change while we wait
  const { profile, id, origin, recipients } = parseSealed(own);
  if (profile !== "portable") throw new KmsError("unsupported", { detail: "a compact message has its data key in a store" });
  const { entries } = new ContextTable().bind(options.tenant, options.context);
  const source = { context: entries, purpose: "field", origin, recipients } as const;
  const moved = await new Rewraps(options).recipients(id, source, options);
  if (!areReadable(moved)) throw new KmsError("unsupported", { detail: "no message can name the new CMK" });
  // One spelling a message: what was parsed ends with exactly these bytes.
  const body = own.subarray(0, own.length - encodeRecipients(recipients).length);
  return new Uint8Array(Buffer.concat([body, encodeRecipients(moved)]));
}
