import type { DriverCall, DriverDescription, DriverUnwrap, KmsDriver, UnwrapRequest } from "@cmkit/core";
import { badAnswer, base64In, fieldsIn, optionalTextIn, requestIdIn, textIn } from "./answer.ts";
import { checkAlgorithm, describeVersion, readKey, readVersion, type VersionDescription } from "./key-description.ts";
import type { KeyOcid } from "./key-ocid.ts";
import type { OciAnswer, OciClient } from "./oci-client.ts";
import { spkiOfPem } from "./spki-pem.ts";

const symmetric = "AES_256_GCM";
const rsa = "RSA_OAEP_SHA_256";

/** The calls to one key. */
export function ociDriver(key: KeyOcid, client: () => OciClient, emulated: boolean): KmsDriver {
  const keyId = key.ocid;
  const describeKey = async (call: DriverCall): Promise<DriverDescription> =>
    readKey(await client().management.getKey({ keyId }, call), key, emulated);
  const describeKeyVersion = async (keyVersionId: string, call: DriverCall): Promise<VersionDescription> =>
    readVersion(await client().management.getKeyVersion({ keyId, keyVersionId }, call), key, keyVersionId);
  const decrypt = async (request: UnwrapRequest, call: DriverCall): Promise<OciAnswer> =>
    client().crypto.decrypt({ decryptDataDetails: { keyId, ...decryptDetails(request) } }, call);
  return {
    resource: keyId,
    resolved: true,
    // GenerateDataEncryptionKey does not say under which version it wrapped, and Encrypt need not, so each wrap names one.
    namesVersion: true,
    async describe(keyVersion, call) {
      const described = await describeKey(call);
      if (keyVersion === null || described.resource !== keyId) return described;
      if (described.state === "destroyed") return { ...described, keyVersion }; // its versions may be gone with it
      return describeVersion(described, keyVersion, await describeKeyVersion(keyVersion, call));
    },
    async publicKey(asked, call) {
      const keyVersion = asked ?? (await describeKey(call)).keyVersion ?? badAnswer("it has no currentKeyVersion");
      const { publicKey, requestId } = await describeKeyVersion(keyVersion, call);
      return { answeredBy: keyId, keyVersion, spki: spkiOfPem(publicKey), requestId };
    },
    async wrap({ plaintext, context, keyVersion }, call) {
      const details = {
        keyId,
        ...(keyVersion !== null && { keyVersionId: keyVersion }),
        plaintext: base64(plaintext),
        encryptionAlgorithm: symmetric,
        associatedData: sorted(context.entries),
      };
      const answer = await client().crypto.encrypt({ encryptDataDetails: details }, call);
      const encrypted = fieldsIn(answer.encryptedData, "encryptedData");
      checkAlgorithm(encrypted["encryptionAlgorithm"], symmetric);
      return { ...answered(encrypted, answer), bytes: base64In(encrypted["ciphertext"], "ciphertext") };
    },
    async unwrap(request, call) {
      const open = async (): Promise<DriverUnwrap | undefined> => readUnwrap(await decrypt(request, call), request);
      // A plaintext that was damaged on its way is asked for once more.
      return (await open()) ?? (await open()) ?? badAnswer("the plaintext does not fit its checksum");
    },
  };
}

/** A symmetric ciphertext carries its version; an RSA one carries nothing, and core has sealed the context into it. */
function decryptDetails({ kind, bytes, context, keyVersion }: UnwrapRequest): DecryptDetails {
  const ciphertext = base64(bytes);
  if (kind === "symmetric") {
    return { ciphertext, encryptionAlgorithm: symmetric, associatedData: sorted(context.entries) };
  }
  return { ciphertext, encryptionAlgorithm: rsa, ...(keyVersion !== null && { keyVersionId: keyVersion }) };
}

type DecryptDetails = Omit<Parameters<OciClient["crypto"]["decrypt"]>[0]["decryptDataDetails"], "keyId">;

/** Undefined when the plaintext does not fit its checksum. */
async function readUnwrap(answer: OciAnswer, { kind }: UnwrapRequest): Promise<DriverUnwrap | undefined> {
  const { crc32 } = await import("node:zlib"); // the SDK has loaded it; importing this package need not
  const decrypted = fieldsIn(answer.decryptedData, "decryptedData");
  checkAlgorithm(decrypted["encryptionAlgorithm"], kind === "rsa" ? rsa : symmetric);
  const checksum = textIn(decrypted["plaintextChecksum"], "plaintextChecksum");
  const by = answered(decrypted, answer);
  const plaintext = base64In(decrypted["plaintext"], "plaintext");
  // The CRC-32 of IEEE 802.3 over the decoded bytes, in decimal digits. Damage is what it finds, not forgery.
  if (String(crc32(plaintext)) === checksum) return { ...by, plaintext };
  plaintext.fill(0);
  return undefined;
}

/** Whom the answer names. The service may leave out both. */
function answered(
  fields: Readonly<Record<string, unknown>>,
  { opcRequestId }: OciAnswer,
): { readonly answeredBy: string | null; readonly keyVersion: string | null; readonly requestId: string | undefined } {
  return {
    answeredBy: optionalTextIn(fields["keyId"], "keyId"),
    keyVersion: optionalTextIn(fields["keyVersionId"], "keyVersionId"),
    requestId: requestIdIn(opcRequestId),
  };
}

/** The same map always has the same JSON: how the service makes bytes of it to authenticate is not documented. */
function sorted(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
