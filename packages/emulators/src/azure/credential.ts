import { issuerOf, type TokenSigner } from "./access-token.ts";
import type { AzureSeedPrincipal } from "./seed.ts";

/** What a token says that is not as it should be; for tests of how a client takes it. */
export interface AzureCredentialOptions {
  /** The object id or the app id of the principal; the seed's first one by default. */
  readonly principal?: string;
  /** Another tenant than the one the client was challenged with. */
  readonly tenantId?: string;
  /** Another audience than the one that was asked for. */
  readonly audience?: string;
  /** How long tokens live; ten years by default, so that a clock which a test moves does not end them. */
  readonly lifetimeMs?: number;
  /** How long after now they begin; negative for tokens that are old. */
  readonly startsInMs?: number;
}

/** A `TokenCredential` of `@azure/core-auth`. */
export interface AzureEmulatorCredential {
  getToken(
    scopes: string | readonly string[],
    options?: { readonly tenantId?: string },
  ): Promise<{ token: string; expiresOnTimestamp: number }>;
}

/** Ten years of 365 days. */
export const longLifetimeMs: number = 10 * 365 * 86_400_000;

/** Makes tokens as Microsoft Entra ID would, in one tenant for whoever is asked for. */
export class TokenIssuer {
  readonly #signer: TokenSigner;
  readonly #tenantId: string;
  readonly #principals: readonly AzureSeedPrincipal[];
  readonly #clock: () => number;

  constructor(signer: TokenSigner, tenantId: string, principals: readonly AzureSeedPrincipal[], clock: () => number) {
    this.#signer = signer;
    this.#tenantId = tenantId;
    this.#principals = principals;
    this.#clock = clock;
  }

  /**
   * A token for an audience, in `askedTenantId` unless the options or the principal say otherwise.
   *
   * @throws {TypeError} for a principal that is not in the seed.
   */
  token(audience: string, options: AzureCredentialOptions = {}, askedTenantId: string = this.#tenantId): string {
    const { principal, tenantId, lifetimeMs, startsInMs } = options;
    const found = this.#principals.find(
      ({ objectId, appId }) => principal === undefined || principal === objectId || principal === appId,
    );
    if (found === undefined) throw new TypeError(`principal: expected one of the seed, got ${principal}`);
    const startsAtMs = this.#clock() + (startsInMs ?? 0);
    const tenant = tenantId ?? found.tenantId ?? askedTenantId;
    return this.#signer.sign({
      aud: audience,
      iss: issuerOf(tenant),
      tid: tenant,
      oid: found.objectId,
      appid: found.appId,
      nbf: Math.floor(startsAtMs / 1000),
      exp: Math.floor((startsAtMs + (lifetimeMs ?? longLifetimeMs)) / 1000),
    });
  }

  /** A credential that mints such tokens, for the audience and tenant that the client asks for unless `options` say otherwise. */
  credential(options: AzureCredentialOptions = {}): AzureEmulatorCredential {
    return {
      getToken: async (scopes, asked = {}) => {
        const [scope = ""] = typeof scopes === "string" ? [scopes] : scopes;
        const audience = options.audience ?? scope.replace(/\/\.default$/, "");
        const token = this.token(audience, options, asked.tenantId);
        // The client goes by the system's clock. To it a token is always good: it is the service that is tested.
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
  }
}
