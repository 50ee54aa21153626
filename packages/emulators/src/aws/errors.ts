/** An answer in which the service refuses: a name clients branch on, a message, an HTTP status. */
export class ServiceRefusal extends Error {
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/**
 * The refusals that more than one operation gives, with the service's own wording. All are 400: so the JSON protocol
 * answers what is the caller's doing, also where the documentation of an error says 404 or 409.
 */
export const refusals: {
  notFound(arn: string): ServiceRefusal;
  aliasNotFound(arn: string): ServiceRefusal;
  invalidKeyId(reference: string): ServiceRefusal;
  otherRegion(region: string): ServiceRefusal;
  disabled(arn: string): ServiceRefusal;
  state(arn: string, state: string): ServiceRefusal;
  denied(principal: string, action: string, arn: string, explicit: boolean): ServiceRefusal;
  deniedElsewhere(principal: string, action: string, resource: string): ServiceRefusal;
  validation(message: string): ServiceRefusal;
  unsupported(message: string): ServiceRefusal;
  keyUsage(message: string): ServiceRefusal;
  ciphertext(): ServiceRefusal;
  incorrectKey(): ServiceRefusal;
  dryRun(): ServiceRefusal;
  policy(message: string): ServiceRefusal;
} = {
  notFound: (arn) => new ServiceRefusal("NotFoundException", `Key '${arn}' does not exist`),
  aliasNotFound: (arn) => new ServiceRefusal("NotFoundException", `Alias ${arn} is not found.`),
  invalidKeyId: (reference) => new ServiceRefusal("NotFoundException", `Invalid keyId '${reference}'`),
  otherRegion: (region) => new ServiceRefusal("NotFoundException", `Invalid arn ${region}`),
  disabled: (arn) => new ServiceRefusal("DisabledException", `${arn} is disabled.`),
  state: (arn, state) => new ServiceRefusal("KMSInvalidStateException", `${arn} is ${state}.`),
  denied: (principal, action, arn, explicit) =>
    new ServiceRefusal(
      "AccessDeniedException",
      `User: ${principal} is not authorized to perform: ${action} on resource: ${arn} ` +
        (explicit
          ? "with an explicit deny in a resource-based policy"
          : `because no resource-based policy allows the ${action} action`),
    ),
  // Said across accounts, where the service does not tell whether the key exists.
  deniedElsewhere: (principal, action, resource) =>
    new ServiceRefusal(
      "AccessDeniedException",
      `User: ${principal} is not authorized to perform: ${action} on ${resource} because the resource does not exist in this Region, ` +
        "no resource-based policies allow access, or a resource-based policy explicitly denies access",
    ),
  validation: (message) => new ServiceRefusal("ValidationException", message),
  unsupported: (message) => new ServiceRefusal("UnsupportedOperationException", message),
  keyUsage: (message) => new ServiceRefusal("InvalidKeyUsageException", message),
  // The service sends no message with it.
  ciphertext: () => new ServiceRefusal("InvalidCiphertextException", ""),
  incorrectKey: () =>
    new ServiceRefusal(
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    ),
  dryRun: () => new ServiceRefusal("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."),
  policy: (message) => new ServiceRefusal("MalformedPolicyDocumentException", message),
};
