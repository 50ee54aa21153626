import type { AzureEmulatorCredential } from "./credential.ts";

// The tokens live for years; a client asks again after an hour.
const keptMs = 3_600_000;

/** A `TokenCredential` out of an emulator's `credentials.accessTokens`, for a process that has no more of it. */
export function azureTokenCredential(accessTokens: Readonly<Record<string, string>>): AzureEmulatorCredential {
  return {
    async getToken(scopes) {
      const [scope = ""] = typeof scopes === "string" ? [scopes] : scopes;
      const token = accessTokens[scope.replace(/\/\.default$/, "")];
      if (token === undefined) throw new TypeError(`expected the scope of ${Object.keys(accessTokens).join(" or ")}`);
      return { token, expiresOnTimestamp: Date.now() + keptMs };
    },
  };
}
