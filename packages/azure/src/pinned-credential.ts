import { KmsError } from "@cmkit/core";
import type { AzureCredential, AzureToken } from "./azure-client.ts";
import { credentialFault } from "./credential-fault.ts";
import { keptToken } from "./kept-token.ts";
import { untilAborted } from "./until-aborted.ts";

/** What a vault's tokens are asked for, whatever its challenge says. */
export interface TokenPin {
  readonly audience: string;
  /** `undefined`: the credential's own tenant. */
  readonly tenantId: string | undefined;
}

// Entra ID takes claims of a few hundred bytes.
const maxClaimsLength = 4096;

/**
 * A credential for one vault: scope and tenant are fixed here, so that nothing in a challenge chooses them; of the challenge
 * only the claims of continuous access evaluation are handed on. Ends with the signal, even if `source` does not.
 *
 * @param source Gives the application's credential; asked again after a failure.
 */
export function pinnedCredential(source: () => Promise<AzureCredential>, { audience, tenantId }: TokenPin): AzureCredential {
  let credential: AzureCredential | undefined;
  const tokens = keptToken(async (asked) => {
    const ask = async (): Promise<unknown> => {
      credential ??= await source();
      return credential.getToken(`${audience}/.default`, { ...asked, ...(tenantId === undefined ? {} : { tenantId }) });
    };
    const token = await untilAborted(ask(), asked.abortSignal).catch((error: unknown) => credentialFault(error, tenantId));
    if (isToken(token)) return token;
    throw new KmsError("credentials", { provider: "azure", detail: "the credential gave no token" });
  });
  return {
    async getToken(_scopes, { abortSignal, enableCae, claims } = {}) {
      const { token } = await tokens({
        ...(abortSignal && { abortSignal }),
        ...(enableCae === undefined ? {} : { enableCae }),
        ...(claims === undefined || claims.length > maxClaimsLength ? {} : { claims }),
      });
      // Not for the SDK to keep: it would renew the token in the background, each client by itself, and before
      // @azure/keyvault-common 2.1.1 a failure there is an unhandled rejection, which ends the process.
      return { token, expiresOnTimestamp: 0 };
    },
  };
}

function isToken(value: unknown): value is AzureToken {
  const { token, expiresOnTimestamp } = value instanceof Object ? (value as Readonly<Record<string, unknown>>) : {};
  return typeof token === "string" && /^[!-~]+$/.test(token) && typeof expiresOnTimestamp === "number";
}
