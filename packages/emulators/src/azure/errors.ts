/** An answer in which the service refuses. */
export class ServiceRefusal extends Error {
  readonly status: number;
  /** The outer code, such as `Forbidden`. */
  readonly code: string;
  /** The code of `innererror`, such as `KeyDisabled`, where there is one. */
  readonly innerCode: string | undefined;

  constructor(status: number, code: string, message: string, innerCode?: string) {
    super(message);
    this.name = "ServiceRefusal";
    this.status = status;
    this.code = code;
    this.innerCode = innerCode;
  }
}

/** The caller and the place of a refusal. */
export interface DeniedCall {
  readonly appId: string;
  readonly objectId: string;
  readonly tenantId: string;
  /** The data action, or under access policies the permission. */
  readonly action: string;
  readonly vault: string;
  readonly resource: string;
}

/**
 * The refusals that more than one operation gives. Codes and texts are those that documentation, the SDKs' recorded tests and public issues
 * show; what none of them shows is marked [unverified].
 */
export const refusals: {
  parameter(message?: string): ServiceRefusal;
  notFound(reference: string): ServiceRefusal;
  deletedNotFound(name: string): ServiceRefusal;
  beingDeleted(name: string): ServiceRefusal;
  deleted(name: string): ServiceRefusal;
  disabled(operation: string): ServiceRefusal;
  outsideValidity(operation: string): ServiceRefusal;
  notPermitted(operation: string): ServiceRefusal;
  purgeProtected(vault: string): ServiceRefusal;
  denied(call: DeniedCall): ServiceRefusal;
  deniedByPolicy(call: DeniedCall): ServiceRefusal;
  throttled(): ServiceRefusal;
  unauthorized(message: string): ServiceRefusal;
} = {
  parameter: (message = "The parameter is incorrect.\r\n") => new ServiceRefusal(400, "BadParameter", message),
  notFound: (reference) =>
    new ServiceRefusal(
      404,
      "KeyNotFound",
      `A key with (name/id) ${reference} was not found in this key vault. If you recently deleted this key you may be able to ` +
        "recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
    ),
  deletedNotFound: (name) => new ServiceRefusal(404, "KeyNotFound", `Deleted Key not found: ${name}`),
  beingDeleted: (name) =>
    new ServiceRefusal(
      409,
      "Conflict",
      `Key ${name} is currently being deleted and cannot be re-created; retry later.`,
      "ObjectIsBeingDeleted",
    ),
  deleted: (name) =>
    new ServiceRefusal(
      409,
      "Conflict",
      `Key ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can only be recovered or purged.`,
      "ObjectIsDeletedButRecoverable",
    ),
  disabled: (operation) =>
    new ServiceRefusal(403, "Forbidden", `Operation ${operation} is not allowed on a disabled key.`, "KeyDisabled"),
  // [unverified] The documentation says that the operation is refused, and not how.
  outsideValidity: (operation) =>
    new ServiceRefusal(
      403,
      "Forbidden",
      `Operation ${operation} is not allowed on a key that is not yet valid or expired.`,
      "KeyNotYetValidOrExpired",
    ),
  notPermitted: (operation) =>
    new ServiceRefusal(403, "Forbidden", `Operation ${operation} is not permitted on this key.`, "KeyOperationForbidden"),
  purgeProtected: (vault) =>
    new ServiceRefusal(
      403,
      "Forbidden",
      'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically ' +
        `purge it after the retention period has passed.\r\nVault: ${vault};location=emulator`,
      "ForbiddenByPolicy",
    ),
  denied: ({ appId, objectId, tenantId, action, vault, resource }) =>
    new ServiceRefusal(
      403,
      "Forbidden",
      [
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
        `Caller: appid=${appId};oid=${objectId};iss=https://sts.windows.net/${tenantId}/`,
        `Action: '${action}'`,
        `Resource: '${resource}'`,
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: null ",
        `Vault: ${vault};location=emulator`,
        "",
      ].join("\r\n"),
      "ForbiddenByRbac",
    ),
  deniedByPolicy: ({ appId, objectId, tenantId, action, vault }) =>
    new ServiceRefusal(
      403,
      "Forbidden",
      `The user, group or application 'appid=${appId};oid=${objectId};iss=https://sts.windows.net/${tenantId}/' does not have keys ` +
        `${action} permission on key vault '${vault};location=emulator'. For help resolving this issue, please see ` +
        "https://go.microsoft.com/fwlink/?linkid=2125287",
      "AccessDenied",
    ),
  throttled: () =>
    new ServiceRefusal(
      429,
      "Throttled",
      "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
    ),
  unauthorized: (message) => new ServiceRefusal(401, "Unauthorized", message),
};
