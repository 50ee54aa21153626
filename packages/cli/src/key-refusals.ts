import type { KmsErrorCode } from "@cmkit/core";

/** What a KMS says of a key that its owner has taken away, or never gave. */
export const keyRefusals: readonly KmsErrorCode[] = [
  "access-denied",
  "key-not-found",
  "key-disabled",
  "key-pending-deletion",
  "key-pending-import",
  "key-destroyed",
  "key-expired",
  "key-not-yet-valid",
];
