import { KmsError } from "./kms-error.ts";

const prefix = "cmk1.";

/** The text form of a sealed message: `cmk1.` and base64url without padding. The prefix is for people and SQL; no code decides on it. */
export function toText(sealed: Uint8Array): string {
  return prefix + Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).toString("base64url");
}

/**
 * Reads the text form.
 *
 * @throws {KmsError} `not-encrypted`: without the prefix. `malformed`: where encoding the decoded bytes does not give the
 * text back (Node's decoder takes many spellings of one value).
 */
export function fromText(text: string): Uint8Array {
  return new Uint8Array(readText(text));
}

/** As {@link fromText}, in memory that may be shared: to be parsed and let go. */
export function readText(text: string): Uint8Array {
  if (!text.startsWith(prefix)) throw new KmsError("not-encrypted", { detail: `expected text that begins with ${prefix}` });
  const body = text.slice(prefix.length);
  const bytes = Buffer.from(body, "base64url");
  if (bytes.toString("base64url") !== body) throw new KmsError("malformed", { detail: "expected canonical base64url" });
  return bytes;
}
