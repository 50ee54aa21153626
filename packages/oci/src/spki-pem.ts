import { badAnswer, base64In, textIn } from "./answer.ts";

// RFC 7468 §13. Lines may end in LF or CRLF; core compares the DER inside with its only encoding.
const grammar = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/;

/** DER SubjectPublicKeyInfo out of PEM. @throws {KmsError} `bad-answer` */
export function spkiOfPem(value: unknown): Uint8Array {
  const base64 = grammar.exec(textIn(value, "publicKey"))?.[1] ?? badAnswer("publicKey is not PEM");
  return base64In(base64.replaceAll(/[\r\n]/g, ""), "publicKey");
}
