import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  privateDecrypt,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import type { KmsAdapter, KmsDriver, UnwrapRequest, WrapRequest } from "./driver.ts";
import { KmsError } from "./kms-error.ts";

/** A local key: 32 bytes of AES, or an RSA private key (PKCS#8 PEM or KeyObject) of 2048, 3072 or 4096 bits. */
export type LocalKey = { readonly aes256: Uint8Array } | { readonly rsaPrivateKey: string | KeyObject };

export interface LocalOptions {
  /** By name: `[a-z0-9][a-z0-9-]{0,62}`. The key's resource is `local:NAME`. Key bytes are copied, not kept. */
  readonly keys: Readonly<Record<string, LocalKey>>;
}

const grammar = /^local:(?<name>[a-z0-9][a-z0-9-]{0,62})$/;
const nameGrammar = /^[a-z0-9][a-z0-9-]{0,62}$/;
const keyVersion = "1";
const ivBytes = 12;
const tagBytes = 16; // NIST SP 800-38D §5.2.1.2: the full tag
const format = 1;
const rsaBits: ReadonlySet<number> = new Set([2048, 3072, 4096]);

type HeldKey =
  | { readonly kind: "symmetric"; readonly key: KeyObject }
  | { readonly kind: "rsa"; readonly key: KeyObject; readonly bits: number };

/**
 * Keys that live in this process: for development, tests, and operators who hold a master key themselves. They are given in
 * code, under names; no CMK, ciphertext or setting names a file or a variable.
 *
 * An AES wrap is `01 ‖ iv[12] ‖ AES-256-GCM(key, AAD = canonical context) ‖ tag[16]`; an RSA wrap is RSA-OAEP-SHA-256.
 * @throws {TypeError} for a name outside the grammar or a key of another type or size.
 */
export function local(options: LocalOptions): KmsAdapter {
  const keys = new Map(Object.entries(options.keys).map(([name, key]) => [checkedName(name), heldKey(name, key)]));
  return {
    provider: "local",
    keyVersionGrammar: /^1$/,
    open(resource) {
      const name = grammar.exec(resource)?.groups?.["name"];
      if (name === undefined) throw new KmsError("invalid-resource", { provider: "local", detail: "expected local:NAME" });
      return localDriver(resource, () => keys.get(name) ?? notFound());
    },
    classify: () => ({ code: "unknown" }),
  };
}

function localDriver(resource: string, held: () => HeldKey): KmsDriver {
  const answer = { answeredBy: resource, keyVersion };
  return {
    resource,
    resolved: true,
    async describe() {
      const key = held();
      const bits = key.kind === "rsa" ? key.bits : 256;
      return {
        resource,
        kind: key.kind,
        bits,
        state: "enabled",
        keyVersion,
        protection: "software",
        origin: "imported",
        rotationDays: null,
        emulated: false,
      };
    },
    async publicKey() {
      const key = createPublicKey(rsaKey(held()));
      return { ...answer, spki: new Uint8Array(key.export({ format: "der", type: "spki" })) };
    },
    async wrap(request) {
      return { ...answer, bytes: aesWrap(aesKey(held()), request) };
    },
    async unwrap(request) {
      const key = held();
      const plaintext = request.kind === "rsa" ? rsaDecrypt(rsaKey(key), request) : aesUnwrap(aesKey(key), request);
      if (plaintext === undefined) throw new KmsError("decrypt-failed", { provider: "local" });
      return { ...answer, plaintext };
    },
  };
}

function aesWrap(key: KeyObject, { plaintext, context }: WrapRequest): Uint8Array {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes }).setAAD(context.canonical);
  return new Uint8Array(
    Buffer.concat([Uint8Array.of(format), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
  );
}

function aesUnwrap(key: KeyObject, { bytes, context }: UnwrapRequest): Uint8Array | undefined {
  if (bytes.length < 1 + ivBytes + tagBytes || bytes[0] !== format) return undefined;
  const body = bytes.subarray(1 + ivBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(1, 1 + ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(context.canonical).setAuthTag(body.subarray(body.length - tagBytes));
  const plaintext = decipher.update(body.subarray(0, body.length - tagBytes));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

function rsaDecrypt(key: KeyObject, { bytes }: UnwrapRequest): Uint8Array | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }, bytes);
  } catch {
    return undefined;
  }
}

function aesKey(held: HeldKey): KeyObject {
  if (held.kind !== "symmetric")
    throw new KmsError("wrong-key-type", { provider: "local", detail: "an RSA key does not do this" });
  return held.key;
}

function rsaKey(held: HeldKey): KeyObject {
  if (held.kind !== "rsa")
    throw new KmsError("wrong-key-type", { provider: "local", detail: "a symmetric key does not do this" });
  return held.key;
}

function heldKey(name: string, key: LocalKey): HeldKey {
  if ("aes256" in key) {
    if (!(key.aes256 instanceof Uint8Array) || key.aes256.length !== 32)
      throw new TypeError(`expected local key ${name} to be 32 bytes of AES`);
    return { kind: "symmetric", key: createSecretKey(key.aes256) };
  }
  const privateKey = typeof key.rsaPrivateKey === "string" ? createPrivateKey(key.rsaPrivateKey) : key.rsaPrivateKey;
  const bits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (privateKey.type !== "private" || privateKey.asymmetricKeyType !== "rsa" || bits === undefined || !rsaBits.has(bits)) {
    throw new TypeError(`expected local key ${name} to be an RSA private key of 2048, 3072 or 4096 bits`);
  }
  return { kind: "rsa", key: privateKey, bits };
}

function checkedName(name: string): string {
  if (!nameGrammar.test(name)) throw new TypeError("expected local key names that match [a-z0-9][a-z0-9-]{0,62}");
  return name;
}

function notFound(): never {
  throw new KmsError("key-not-found", { provider: "local", detail: "no local key of that name was given in code" });
}
