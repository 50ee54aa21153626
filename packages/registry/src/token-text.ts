import { createHash, randomBytes } from "node:crypto";

/** A token as its holder has it, taken apart. */
export interface TokenText {
  /** 16 lower-case hexadecimal digits. */
  readonly id: string;
  /** SHA-256 of the 32 random bytes: all that is stored of them. */
  readonly secretHash: Uint8Array;
}

const grammar = /^(cmkit_([0-9a-f]{16})([A-Za-z0-9_-]{43}))([A-Za-z0-9_-]{6})$/;
const textLength = 71;

/**
 * A new token: `cmkit_`, the id (16 hexadecimal digits), the secret (32 random bytes as 43 characters of base64url), and a
 * checksum (the first 6 characters of the base64url of SHA-256 of the 65 characters before), 71 characters in all. The
 * checksum protects from typing errors and cut-off copies, and tells scanners for secrets a token from a lookalike.
 */
export function newTokenText(): TokenText & { readonly text: string } {
  const id = randomBytes(8).toString("hex");
  const secret = randomBytes(32);
  const body = `cmkit_${id}${secret.toString("base64url")}`;
  return { id, secretHash: sha256(secret), text: `${body}${checksumOf(body)}` };
}

/** @returns undefined unless it is exactly what {@link newTokenText} makes: one spelling a token. */
export function parsedTokenText(text: string): TokenText | undefined {
  if (typeof text !== "string" || text.length !== textLength) return undefined;
  const [, body = "", id = "", encoded = "", checksum] = grammar.exec(text) ?? [];
  const secret = Buffer.from(encoded, "base64url");
  if (checksum !== checksumOf(body) || secret.toString("base64url") !== encoded) return undefined;
  return { id, secretHash: sha256(secret) };
}

function checksumOf(body: string): string {
  return createHash("sha256").update(body).digest("base64url").slice(0, 6);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
