import { badAnswer } from "./answer.ts";

const grammar = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/\r\n]+={0,2})\r?\n-----END PUBLIC KEY-----\r?\n?$/;

/** The DER SubjectPublicKeyInfo in a PEM (RFC 7468 §13). @throws {KmsError} `bad-answer` for anything else. */
export function spkiIn(pem: string): Uint8Array {
  const base64 = grammar.exec(pem)?.[1]?.replace(/[\r\n]/g, "") ?? badAnswer("its public key is no PEM");
  const der = Buffer.from(base64, "base64");
  if (der.toString("base64") !== base64) badAnswer("its public key is no PEM");
  return new Uint8Array(der);
}
