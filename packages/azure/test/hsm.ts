import {
  constants,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  privateDecrypt,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import { hsmKid, kid, rsa } from "./samples.ts";
import { answer, serviceError, type Script } from "./scripted-server.ts";

interface Parameters {
  readonly alg: string;
  readonly value: string;
  readonly iv?: string;
  readonly tag?: string;
  readonly aad?: string;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const bytesOf = (text = ""): Buffer => Buffer.from(text, "base64url");

/** UnwrapKey, Encrypt and Decrypt as the service does them: real cryptography, and the same refusal for all that is wrong. */
export function hsm(secret: KeyObject = createSecretKey(randomBytes(32))): Readonly<Record<string, Script>> {
  const operation =
    (work: (parameters: Parameters) => object): Script =>
    (request, response) => {
      let script = serviceError(400, "BadParameter");
      try {
        script = answer(200, work(JSON.parse(request.body) as Parameters));
      } catch {
        // the refusal stands
      }
      script(request, response);
    };
  return {
    unwrapkey: operation(({ value }) => {
      const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
      return { kid, value: base64url(privateDecrypt({ key: rsa.privateKey, ...padding }, bytesOf(value))) };
    }),
    encrypt: operation(({ value, aad }) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(bytesOf(aad));
      const sealed = Buffer.concat([cipher.update(bytesOf(value)), cipher.final()]);
      return { kid: hsmKid, value: base64url(sealed), iv: base64url(iv), tag: base64url(cipher.getAuthTag()) };
    }),
    decrypt: operation(({ value, iv, tag, aad }) => {
      const cipher = createDecipheriv("aes-256-gcm", secret, bytesOf(iv)).setAAD(bytesOf(aad)).setAuthTag(bytesOf(tag));
      return { kid: hsmKid, value: base64url(Buffer.concat([cipher.update(bytesOf(value)), cipher.final()])) };
    }),
  };
}
