import type { Cmk, KeyKind } from "@cmkit/core";

import type { Accessors } from "./accessors.ts";

/** What a grant is made for. */
export interface GrantRequest {
  readonly project: string;
  readonly cmk: Cmk;
  /** Undefined before the first answer of the KMS: the grant then serves both kinds where it must. */
  readonly kind: KeyKind | undefined;
  readonly accessors: Accessors;
  readonly externalId: string;
}

/** Text that a customer pastes to let the operator use a key: nothing more than cmkit needs for keys of its kind. */
export interface Grant {
  /** What it is for: `aws-key-policy`, `aws-cli`, `gcloud`, `az-rbac`, `az-access-policy`, `az-managed-hsm`, `oci-policy`, `oci-policy-cross-tenancy`, `terraform` … */
  readonly form: string;
  /** A line for people, such as "Key policy: two statements to add". */
  readonly title: string;
  /** The language, for a file's name or a code block: `json`, `sh`, `hcl`, `text`. */
  readonly language: "json" | "sh" | "hcl" | "text";
  /** Ready to paste; ends with a line end. */
  readonly text: string;
}

/** A permission that a check found missing, and the smallest grant that adds it. */
export interface MissingGrant {
  /** In the cloud's own words: `kms:Decrypt`, `cloudkms.cryptoKeyVersions.useToDecrypt`, … */
  readonly permission: string;
  readonly grants: readonly Grant[];
}
