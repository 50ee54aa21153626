import { isKmsError, KmsError, type KmsErrorCode } from "@cmkit/core";
import { classifyAzureError } from "./azure-errors.ts";

const passing: ReadonlySet<KmsErrorCode> = new Set(["unavailable", "timeout", "throttled", "adapter-missing"]);

/**
 * Entra ID knows no service principal of ours in the customer's tenant, or it was not consented to, or disabled.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const notConsented = /\bAADSTS(?:65001|90094|700016|7000112|7000229)\b/;

/**
 * A credential is the application's: what fails in it says nothing about the customer's key, whatever the error is called.
 * Except that a network can be down for it, too, and that a customer's tenant can refuse our application.
 *
 * @param tenantId Set when the token was for a tenant of the customer's.
 */
export function credentialFault(error: unknown, tenantId: string | undefined): never {
  const { code } = isKmsError(error) ? error : classifyAzureError(error, "describe");
  if (passing.has(code)) throw error;
  if (tenantId !== undefined && error instanceof Error && notConsented.test(error.message)) {
    const detail =
      "our application has no enabled service principal in the key's tenant: an administrator there must consent to it";
    throw new KmsError("access-denied", { provider: "azure", detail, cause: error });
  }
  const detail = findsNone(error)
    ? "no credentials were found: run az login, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give a credential to azure()"
    : "the credential gave no token: check its secret or certificate, its tenant, and this machine's clock";
  throw new KmsError("credentials", { provider: "azure", detail, cause: error });
}

/** Of one credential that cannot be used here, or of a chain of which all are so. */
function findsNone(error: unknown): boolean {
  return error instanceof Error && /^(?:CredentialUnavailableError|AggregateAuthenticationError)$/.test(error.name);
}
