import { KmsError } from "@cmkit/core";
import type { KeyClientOptions } from "@azure/keyvault-keys";
import { checkChallenge } from "./challenge.ts";
import type { KeyId } from "./key-id.ts";

type Policies = NonNullable<KeyClientOptions["additionalPolicies"]>;

/**
 * The last step before the network: requests go to the vault's own host, and a challenge is checked before the SDK's policy
 * acts on it.
 */
export function vaultGate({ vaultUrl, hosts }: KeyId, tenantId: string | undefined): Policies[number] {
  return {
    // Behind the SDK's own policies: sees every request with its token, and every answer before them.
    position: "perRetry",
    policy: {
      name: "cmkitVaultGate",
      async sendRequest(request, next) {
        if (new URL(request.url).origin !== vaultUrl) throw new KmsError("bad-answer", { provider: "azure" });
        // Before @azure/keyvault-common 2.1.1 the first of several simultaneous requests can lose its body. The service would
        // call that a bad parameter, and we a bad ciphertext.
        if (request.method === "POST" && request.headers.has("authorization") && (request.body ?? null) === null) {
          throw new KmsError("unavailable", { provider: "azure", detail: "the SDK lost the body of the request" });
        }
        const answer = await next(request);
        const challenge = answer.status === 401 ? answer.headers.get("www-authenticate") : undefined;
        if (challenge !== undefined) checkChallenge(challenge, hosts, tenantId);
        return answer;
      },
    },
  };
}
