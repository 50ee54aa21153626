import type { KeyState } from "./cmk.ts";
import type { KmsErrorCode } from "./kms-error.ts";

/** The code of every state in which a key may not be used for new data. */
export const keyStateCode: Readonly<Record<Exclude<KeyState, "enabled">, KmsErrorCode>> & { readonly enabled: undefined } = {
  enabled: undefined,
  disabled: "key-disabled",
  "pending-deletion": "key-pending-deletion",
  "pending-import": "key-pending-import",
  destroyed: "key-destroyed",
  expired: "key-expired",
  "not-yet-valid": "key-not-yet-valid",
  unavailable: "unavailable",
};
