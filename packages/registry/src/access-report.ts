import type { Validation } from "./cmk-record.ts";
import type { MissingGrant } from "./grant.ts";
import type { RegisteredCmk } from "./registered-cmk.ts";

/** Something about a key that works today and that its owner should know. */
export interface Lint {
  /** A word to branch on, such as `rotation-off`. */
  readonly code: string;
  readonly severity: "warning" | "notice";
  /** What it is and what to do. */
  readonly message: string;
}

/** What an access check found. */
export interface AccessReport {
  readonly cmk: RegisteredCmk & { readonly validation: Validation };
  readonly passed: boolean;
  /** What to grant; undefined unless a permission is what is missing. */
  readonly missing: MissingGrant | undefined;
  readonly lints: readonly Lint[];
}
