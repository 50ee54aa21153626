import type { KmsMethod } from "./kms-proto.ts";

// https://cloud.google.com/kms/docs/reference/permissions-and-roles
const permissions: Readonly<Record<KmsMethod, string>> = {
  GetKeyRing: "keyRings.get",
  CreateKeyRing: "keyRings.create",
  ListKeyRings: "keyRings.list",
  GetCryptoKey: "cryptoKeys.get",
  CreateCryptoKey: "cryptoKeys.create",
  ListCryptoKeys: "cryptoKeys.list",
  UpdateCryptoKey: "cryptoKeys.update",
  UpdateCryptoKeyPrimaryVersion: "cryptoKeys.update",
  GetCryptoKeyVersion: "cryptoKeyVersions.get",
  CreateCryptoKeyVersion: "cryptoKeyVersions.create",
  ListCryptoKeyVersions: "cryptoKeyVersions.list",
  UpdateCryptoKeyVersion: "cryptoKeyVersions.update",
  DestroyCryptoKeyVersion: "cryptoKeyVersions.destroy",
  RestoreCryptoKeyVersion: "cryptoKeyVersions.restore",
  GetPublicKey: "cryptoKeyVersions.viewPublicKey",
  Encrypt: "cryptoKeyVersions.useToEncrypt",
  Decrypt: "cryptoKeyVersions.useToDecrypt",
  AsymmetricDecrypt: "cryptoKeyVersions.useToDecrypt",
};

/** The IAM permission that a method needs. */
export function permissionOf(method: KmsMethod): string {
  return `cloudkms.${permissions[method]}`;
}
