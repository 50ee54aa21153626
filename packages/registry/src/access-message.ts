import type { KmsError, KmsErrorCode, PublicKey, PublicKeyPin } from "@cmkit/core";

import type { CheckPhase } from "./cmk-record.ts";

const maxLength = 1000;

/** A phase in which a check can end badly. */
export type FailingPhase = Exclude<CheckPhase, "done">;

const whenAsked: Readonly<Record<FailingPhase, string>> = {
  describe: "When we asked what the key is",
  "public-key": "When we asked for its public key",
  wrap: "When we wrapped under the key",
  unwrap: "When we opened what was wrapped under the key",
  context: "When we tried to open it under another context",
};

const usableKeys = "Register an RSA key of 2048, 3072 or 4096 bits for decryption, or a symmetric key of 256 bits.";
const tryAgain =
  "That says nothing of the key: check again in a minute, and if it stays so, look at what stands between it and us.";
const mistrust = "Do not rely on the key before its owner and its cloud have explained this.";

const whatToDo: Partial<Readonly<Record<KmsErrorCode, string>>> = {
  "invalid-resource": "Register the key under the identifier that its cloud gives it.",
  "adapter-missing": "The operator of this registry must add it.",
  unsupported: "Mend that, or register another key.",
  "wrong-key-type": usableKeys,
  "wrong-key-size": usableKeys,
  "key-not-found": "Check the identifier, and grant us access: a key that we may not see looks as if it did not exist.",
  "access-denied": "Grant us that, and check again; a new grant may need some minutes.",
  "key-disabled": "Enable the key and check again: until then nothing can be written or read under it.",
  "key-pending-deletion": "Cancel the deletion before it takes place, or all data under the key is lost.",
  "key-pending-import": "Import its material again and check again: until then nothing can be written or read under it.",
  "key-destroyed": "Register another key for new data: this one cannot come back.",
  "key-expired": "Set its expiry to a later date, or register its successor.",
  "key-not-yet-valid": "Wait for that date, or set it to an earlier one.",
  "decrypt-failed": mistrust,
  "bad-answer": mistrust,
  throttled: tryAgain,
  timeout: tryAgain,
  unavailable: tryAgain,
  credentials: "The operator of this registry must mend them; the key itself may be in order.",
};

/** What failed, and what to do about it. At most 1,000 characters. */
export function failureMessage(phase: FailingPhase, { code, message, requestId }: KmsError): string {
  const next = whatToDo[code] ?? "Check again, and if it stays so, ask the operator of this registry.";
  // The cloud's support can find the request, where nobody else knows more.
  const request = code === "unknown" && requestId !== undefined ? ` (request ${requestId})` : "";
  return shortened(`${whenAsked[phase]}: ${message}${request}. ${next}`);
}

/** That everything works, and which version of an RSA key it works with when that is a new one. */
export function passedMessage(pin: PublicKeyPin | undefined, publicKey: PublicKey | undefined): string {
  const passed = "The key works: it opened what was wrapped under it, under the right context alone.";
  if (pin === undefined || publicKey === undefined || publicKey.keyVersion === pin.keyVersion) return passed;
  return shortened(`${passed} New data keys go under its version ${publicKey.keyVersion}, no longer under ${pin.keyVersion}.`);
}

function shortened(message: string): string {
  return message.length <= maxLength ? message : `${message.slice(0, maxLength - 1).toWellFormed()}…`;
}
