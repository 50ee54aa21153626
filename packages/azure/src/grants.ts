import type { DriverOperation } from "@cmkit/core";

interface Grant {
  /** The word of access policies, and of a key's permitted operations. */
  readonly permission: string;
  /** The end of a role's data action in vaults; in managed HSMs, where it is another. */
  readonly action: string;
  readonly hsmAction?: string;
}

const get: Grant = { permission: "get", action: "read", hsmAction: "read/action" };
const encrypt: Grant = { permission: "encrypt", action: "encrypt/action" };
const unwrapKey: Grant = { permission: "unwrapKey", action: "unwrap/action" };
const decrypt: Grant = { permission: "decrypt", action: "decrypt/action" };

const byOperation: Readonly<Record<DriverOperation, Grant>> = {
  describe: get,
  publicKey: get,
  wrap: encrypt,
  generateDataKey: encrypt,
  unwrap: unwrapKey,
};

/** @param url Of the request that was refused: tells decrypt from unwrapKey, and a managed HSM from a vault. */
function grantFor(operation: DriverOperation, url: string): Grant {
  return operation === "unwrap" && /\/decrypt(?:\?|$)/.test(url) ? decrypt : byOperation[operation];
}

/** What the key's owner must grant us, to paste. */
export function missingGrant(operation: DriverOperation, url: string): string {
  const { permission, action, hsmAction = action } = grantFor(operation, url);
  return /^https:\/\/[^./]+\.managedhsm\./.test(url)
    ? `the key's owner must grant our application the data action Microsoft.KeyVault/managedHsm/keys/${hsmAction}`
    : `the key's owner must grant our application the data action Microsoft.KeyVault/vaults/keys/${action}, or ${permission} by access policy`;
}

/** What the key itself must permit. */
export function missingKeyOperation(operation: DriverOperation, url: string): string {
  return `the key's permitted operations (key_ops) must include ${grantFor(operation, url).permission}`;
}
