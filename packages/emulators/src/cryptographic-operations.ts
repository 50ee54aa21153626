// What AWS KMS, Cloud KMS, Key Vault and OCI call the operations that wrap, unwrap or make data keys: those that clouds count
// against the quotas of cryptographic requests. GetPublicKey is none: AWS has another quota for it.
const names: ReadonlySet<string> = new Set([
  "Encrypt",
  "Decrypt",
  "ReEncrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "AsymmetricDecrypt",
  "WrapKey",
  "UnwrapKey",
  "GenerateDataEncryptionKey",
]);

/** Whether the operation uses key material, in whichever cloud. */
export function isCryptographic(operation: string): boolean {
  return names.has(operation);
}
