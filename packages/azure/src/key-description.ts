import { KmsError, type DriverDescription, type KeyKind, type KeyState } from "@cmkit/core";
import { badAnswer, bytesIn, dateIn, type Answered } from "./answer.ts";
import type { AzureKey } from "./azure-client.ts";
import type { KeyId } from "./key-id.ts";
import { quotaOf } from "./quota.ts";
import { modulusBits } from "./rsa-jwk.ts";

interface KeyType {
  readonly kind: KeyKind;
  readonly protection: "software" | "hsm";
  /** The operations (key_ops) without which cmkit cannot use a key. */
  readonly needs: readonly string[];
}

const keyTypes: ReadonlyMap<unknown, KeyType> = new Map<unknown, KeyType>([
  ["RSA", { kind: "rsa", protection: "software", needs: ["unwrapKey"] }],
  ["RSA-HSM", { kind: "rsa", protection: "hsm", needs: ["unwrapKey"] }],
  ["oct-HSM", { kind: "symmetric", protection: "hsm", needs: ["encrypt", "decrypt"] }],
]);

// DeletionRecoveryLevel (Key Vault REST API, KeyAttributes): a level that names Purgeable lets whoever may purge destroy at once.
const purgeProtections: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ["Purgeable", false],
  ["Recoverable+Purgeable", false],
  ["CustomizedRecoverable+Purgeable", false],
  ["Recoverable", true],
  ["Recoverable+ProtectedSubscription", true],
  ["CustomizedRecoverable", true],
  ["CustomizedRecoverable+ProtectedSubscription", true],
]);

/**
 * Reads the answer to GetKey or GetDeletedKey.
 *
 * @param id The key that was asked for.
 * @param asked The version that was asked for; null for the current one.
 * @throws {KmsError} `wrong-key-type`: neither RSA nor oct-HSM. `access-denied`: the key's owner permits other operations
 * alone. `bad-answer`: fields are missing or of another type.
 */
export function readDescription(
  answer: Answered<AzureKey>,
  id: KeyId,
  asked: string | null,
  emulated: boolean,
): DriverDescription {
  const { result: key, answeredBy, keyVersion, requestId } = answer;
  const { kind, protection } = usableType(key);
  const expiresAt = dateIn(key.properties.expiresOn, "exp");
  const deletionAt = dateIn(key.properties.scheduledPurgeDate, "scheduledPurgeDate");
  // The service does not say how long a symmetric key is; A256GCM is refused by any other length.
  const bits = kind === "symmetric" ? 256 : modulusBits(bytesIn(key.key?.n, "n"));
  const purgeProtection = purgeProtections.get(key.properties.recoveryLevel);
  return {
    resource: answeredBy,
    kind,
    bits,
    state: stateOf(key, answer.at),
    keyVersion: asked ?? keyVersion,
    protection,
    // Whether a key was imported is not in its bundle.
    origin: "unknown",
    ...(expiresAt && { expiresAt }),
    ...(deletionAt && { deletionAt }),
    ...(purgeProtection !== undefined && { purgeProtection }),
    quota: quotaOf(id, { kind, bits, protection }),
    emulated,
    requestId,
  };
}

/** Whether it can wrap for us at all. @throws {KmsError} `wrong-key-type` or `access-denied`. */
export function usableType({ keyType, keyOperations }: AzureKey): KeyType {
  const type = keyTypes.get(keyType);
  if (type === undefined) {
    throw new KmsError("wrong-key-type", {
      provider: "azure",
      detail: `expected a key of type ${[...keyTypes.keys()].join(", ")}`,
    });
  }
  if (!Array.isArray(keyOperations)) return badAnswer("it has no key_ops");
  const missing = type.needs.filter((operation) => !keyOperations.includes(operation));
  if (missing.length === 0) return type;
  const detail = `the key's permitted operations (key_ops) must include ${missing.join(" and ")}`;
  throw new KmsError("access-denied", { provider: "azure", detail });
}

/** @param now By the service's clock, which is the one that decides. */
function stateOf({ properties }: AzureKey, now: Date): KeyState {
  const { enabled } = properties;
  const expiresOn = dateIn(properties.expiresOn, "exp");
  const notBefore = dateIn(properties.notBefore, "nbf");
  if (typeof enabled !== "boolean") return badAnswer("it has no attribute enabled");
  if (!enabled) return "disabled";
  if (expiresOn !== undefined && expiresOn <= now) return "expired";
  return notBefore !== undefined && notBefore > now ? "not-yet-valid" : "enabled";
}
