import { KmsError, type Cmk, type KmsDriver } from "@cmkit/core";
import { badAnswer, bytesIn, textIn, versionIn, type Fields } from "./answer.ts";
import { crc32c, isCrc32cOf } from "./crc32c.ts";
import { versionName, type CryptoKeyName } from "./crypto-key-name.ts";
import { sendFor, sendIntact } from "./gcp-calls.ts";
import type { Checksum } from "./gcp-client.ts";
import type { GcpConnection } from "./gcp-connection.ts";
import type { GcpIdentities } from "./gcp-identities.ts";
import { readKey, readVersion, usableAlgorithm } from "./key-description.ts";
import { newWrapVersion } from "./new-wrap-version.ts";
import { spkiIn } from "./public-key-pem.ts";

/** What a driver works with, beside the key. */
export interface GcpService {
  readonly connection: GcpConnection;
  /** Undefined where an injected client has its own. */
  readonly identities: GcpIdentities | undefined;
  readonly emulated: boolean;
}

/** The calls to one key. */
export function gcpDriver(name: CryptoKeyName, { connection, identities, emulated }: GcpService): KmsDriver {
  const cmk: Cmk = Object.freeze({ provider: "gcp", resource: name.resource });
  const sender = (call: Parameters<KmsDriver["describe"]>[1]): ReturnType<typeof sendFor> =>
    sendFor(cmk, connection, identities, call);
  return {
    resource: name.resource,
    keyResource: name.key,
    resolved: true,
    async describe(keyVersion, call) {
      const send = sender(call);
      const version = name.version ?? keyVersion;
      if (version === null) {
        const [key] = await send(async (client, options) => client.getCryptoKey({ name: name.key }, options));
        return newWrapVersion(readKey(key, name), name, emulated, send);
      }
      const request = { name: versionName(name.key, version) };
      const [described] = await send(async (client, options) => client.getCryptoKeyVersion(request, options));
      return readVersion(described, name, emulated);
    },
    async publicKey(keyVersion, call) {
      const request = { name: versionName(name.key, versionOf(name, keyVersion)) };
      const ask: Ask = async (client, options) => client.getPublicKey(request, options);
      const answer = await sendIntact(sender(call), ask, ({ pem, pemCrc32c }) =>
        isCrc32cOf(pemCrc32c, new TextEncoder().encode(textIn(pem, "public key"))),
      );
      if (usableAlgorithm(answer["algorithm"]).kind !== "rsa") throw new KmsError("wrong-key-type", { provider: "gcp" });
      return { ...answeredBy(answer, name), spki: spkiIn(textIn(answer["pem"], "public key")) };
    },
    async wrap({ plaintext, context }, call) {
      const request = {
        name: name.resource,
        plaintext,
        plaintextCrc32c: checksum(plaintext),
        ...authenticated(context.canonical),
      };
      const ask: Ask = async (client, options) => client.encrypt(request, options);
      const answer = await sendIntact(
        sender(call),
        ask,
        (given) =>
          given["verifiedPlaintextCrc32c"] === true &&
          given["verifiedAdditionalAuthenticatedDataCrc32c"] === true &&
          isCrc32cOf(given["ciphertextCrc32c"], bytesIn(given["ciphertext"], "ciphertext")),
      );
      return { ...answeredBy(answer, name), bytes: bytesIn(answer["ciphertext"], "ciphertext") };
    },
    async unwrap({ kind, bytes, context, keyVersion }, call) {
      const version = kind === "rsa" || name.version !== null ? versionOf(name, keyVersion) : "";
      const ciphertext = { ciphertext: bytes, ciphertextCrc32c: checksum(bytes) };
      const ask: Ask =
        kind === "rsa"
          ? rsaUnwrap({ name: versionName(name.key, version), ...ciphertext })
          : // By the key, never by a version: the ciphertext says which.
            async (client, options) =>
              client.decrypt({ name: name.key, ...ciphertext, ...authenticated(context.canonical) }, options);
      const answer = await sendIntact(sender(call), ask, (given) => {
        const plaintext = plaintextIn(given);
        const sound =
          isCrc32cOf(given["plaintextCrc32c"], plaintext) && (kind !== "rsa" || given["verifiedCiphertextCrc32c"] === true);
        if (!sound) plaintext.fill(0);
        return sound;
      });
      // Neither call names the key that it used.
      return { answeredBy: null, keyVersion: null, plaintext: plaintextIn(answer) };
    },
  };
}

type Ask = Parameters<typeof sendIntact>[1];

function rsaUnwrap(request: Parameters<Parameters<Ask>[0]["asymmetricDecrypt"]>[0]): Ask {
  // Asymmetric keys have no additional authenticated data: core has sealed the context into the payload.
  return async (client, options) => client.asymmetricDecrypt(request, options);
}

/** May be empty: whoever has the public key can wrap nothing, and core refuses what has another length than its own. */
function plaintextIn({ plaintext }: Fields): Uint8Array {
  return plaintext instanceof Uint8Array ? plaintext : badAnswer("it has no plaintext");
}

/** @throws {KmsError} `decrypt-failed`: a wrap of an RSA key that does not say of which version, or of another than the CMK is pinned to. */
function versionOf(name: CryptoKeyName, keyVersion: string | null): string {
  if (keyVersion !== null && (name.version === null || name.version === keyVersion)) return keyVersion;
  throw new KmsError("decrypt-failed", { provider: "gcp" });
}

function authenticated(canonicalContext: Uint8Array): {
  additionalAuthenticatedData: Uint8Array;
  additionalAuthenticatedDataCrc32c: Checksum;
} {
  return {
    additionalAuthenticatedData: canonicalContext,
    additionalAuthenticatedDataCrc32c: checksum(canonicalContext),
  };
}

function checksum(bytes: Uint8Array): Checksum {
  return { value: crc32c(bytes) };
}

/** The CMK and version that an answer names. */
function answeredBy(answer: Fields, asked: CryptoKeyName): { readonly answeredBy: string; readonly keyVersion: string } {
  const keyVersion = versionIn(answer["name"], asked);
  const resource = asked.version === null ? asked.key : versionName(asked.key, keyVersion);
  return { answeredBy: resource, keyVersion };
}
