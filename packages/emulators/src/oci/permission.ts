/**
 * Which permission each operation needs on a key.
 *
 * @see https://docs.oracle.com/iaas/Content/Identity/Reference/keypolicyreference.htm
 */
const permissionOfOperation = {
  ListKeys: "KEY_INSPECT",
  ListKeyVersions: "KEY_INSPECT",
  GetKey: "KEY_READ",
  GetKeyVersion: "KEY_READ",
  CreateKey: "KEY_CREATE",
  UpdateKey: "KEY_UPDATE",
  EnableKey: "KEY_UPDATE",
  DisableKey: "KEY_UPDATE",
  CreateKeyVersion: "KEY_ROTATE",
  ScheduleKeyDeletion: "KEY_DELETE",
  CancelKeyDeletion: "KEY_DELETE",
  ScheduleKeyVersionDeletion: "KEY_DELETE",
  CancelKeyVersionDeletion: "KEY_DELETE",
  Encrypt: "KEY_ENCRYPT",
  GenerateDataEncryptionKey: "KEY_ENCRYPT",
  Decrypt: "KEY_DECRYPT",
} as const;

/** An operation on a key, by its name in the API reference. */
export type KeyOperation = keyof typeof permissionOfOperation;

/** Everything a denial can name: permissions and operations. */
export const deniableActions: readonly string[] = [
  ...new Set([...Object.values(permissionOfOperation), ...Object.keys(permissionOfOperation)]),
];

/** A denial added by hand; what is left out matches everything. */
export interface OciDenial {
  /** A permission (`KEY_DECRYPT`) or an operation (`Decrypt`). */
  readonly action?: string;
  /** The OCID of the user. */
  readonly principal?: string;
}

/** Whether a denial meets an operation of a user. */
export function denialMatches(denial: OciDenial, operation: KeyOperation, user: string): boolean {
  const { action, principal } = denial;
  const named = action === undefined || action === operation || action === permissionOfOperation[operation];
  return named && (principal === undefined || principal === user);
}
