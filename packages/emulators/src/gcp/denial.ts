/** A denial added by hand; what is left out matches everything. */
export interface Denial {
  /** A permission such as `cloudkms.cryptoKeyVersions.useToDecrypt`, or a method such as `Decrypt`. */
  readonly action?: string;
  /** The email address of a principal. */
  readonly principal?: string;
}

/** What a denial is held against. */
export interface DeniableUse {
  readonly method: string;
  readonly permission: string;
  readonly email: string;
}

/** Whether a denial meets a use of its key. */
export function denialMatches(denial: Denial, use: DeniableUse): boolean {
  const { action = use.method, principal = use.email } = denial;
  return (action === use.method || action === use.permission) && principal === use.email;
}
