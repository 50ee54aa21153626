/** How the service refuses cryptography under a key or version that is not enabled. */
export interface StateRefusal {
  readonly status: number;
  readonly code: string;
}

/** Where the live service is not known for certain, or is known to answer in more than one way. */
export interface Quirks {
  /**
   * 409 `IncorrectState` by default. Unconfirmed: the API's list of errors has it, but no published answer of a live vault to
   * Encrypt or Decrypt under a disabled key was found; one about the deletion of a version in use is 409 `Conflict`.
   *
   * @see https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
   */
  readonly stateRefusal?: StateRefusal;
  /** Encrypt and Decrypt name neither key nor version nor algorithm but `null`, as in answers that users of the CLI published. */
  readonly namelessAnswers?: boolean;
}
