import type { FaultWords } from "../fault-effects.ts";
import { failure } from "./answer.ts";
import type { OciCall } from "./call.ts";
import { checksumOf } from "./crypto-operations.ts";
import { newVaultOcid } from "./ocid.ts";
import { refusals, ServiceRefusal } from "./service-refusal.ts";
import { rotate, type VaultKey } from "./vault-key.ts";

/** What faults say in the words of OCI. */
export function faultWords(call: OciCall, key: VaultKey | undefined): FaultWords {
  return {
    throttled(retryAfterSeconds) {
      const answer = failure(refusals.throttled());
      if (retryAfterSeconds === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
    },
    // The service's errors all have a message; the SDK drops the code of one without.
    refused: (name, message, status) => failure(new ServiceRefusal(status ?? 400, name, message === "" ? name : message)),
    failed: (status) => failure(refusals.internal(status)),
    denied: () => failure(refusals.notFound()),
    disable() {
      if (key !== undefined) key.settled = "DISABLED";
    },
    rotate() {
      if (key !== undefined) rotate(key, call.nowMs);
    },
    renamed(members, other) {
      const place = key?.vault.place ?? { realm: "oc1", region: "eu-frankfurt-1", prefix: "cmkitemulator" };
      const id = other ?? newVaultOcid("key", place);
      // Answers about versions and of cryptography name the key so; a key itself does by its id.
      if (members["keyId"] !== undefined) return { keyId: id };
      return members["currentKeyVersion"] === undefined ? {} : { id };
    },
    replacedPlaintext({ plaintext: given }, change) {
      if (typeof given !== "string") return {};
      const plaintext = change(Buffer.from(given, "base64"));
      return { plaintext: plaintext.toString("base64"), plaintextChecksum: checksumOf(plaintext) };
    },
    // Ciphertexts have no checksum here.
    replacedCiphertext({ ciphertext: given }, change) {
      return typeof given === "string" ? { ciphertext: change(Buffer.from(given, "base64")).toString("base64") } : {};
    },
    damaged({ plaintextChecksum: checksum }) {
      return typeof checksum === "string" ? { plaintextChecksum: String((Number(checksum) ^ 1) >>> 0) } : {};
    },
  };
}
