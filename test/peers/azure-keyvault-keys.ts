import { azure } from "@cmkit/azure";
import { azureEmulator, defaultAzureSeed, type AzureSeedKey } from "@cmkit/emulators";
import type { Peer } from "./peer.ts";
import { sdkPeer } from "./sdk-peer.ts";

const keys: Readonly<Record<string, Pick<AzureSeedKey, "vault" | "kty" | "keySize">>> = {
  RSA_2048: { vault: "cmkit-dev", kty: "RSA", keySize: 2048 },
  RSA_4096: { vault: "cmkit-dev", kty: "RSA", keySize: 4096 },
  "oct-HSM_256": { vault: "cmkit-hsm", kty: "oct-HSM", keySize: 256 },
};
const vault = "https://cmkit-dev.vault.azure.net";
const hsm = "https://cmkit-hsm.managedhsm.azure.net";

/** Microsoft's SDK for Python. */
export const azureKeyvaultKeys: Peer = sdkPeer({
  name: "azure-keyvault-keys",
  from: "azure-keyvault-keys 4.11.3 from PyPI, on our Azure emulator",
  script: "azure_sdk.py",
  provider: "azure",
  algorithms: [
    { kind: "rsa", name: "RSA_2048", creatable: true },
    { kind: "rsa", name: "RSA_4096", creatable: false },
    { kind: "symmetric", name: "oct-HSM_256", creatable: true },
  ],
  states: { enabled: "enabled", disabled: "disabled" },
  errors: {
    disabled: "403 Forbidden KeyDisabled",
    denied: "403 Forbidden ForbiddenByRbac",
    missing: "404 KeyNotFound",
    undecryptable: "400 BadParameter",
  },
  async start() {
    const seed = defaultAzureSeed();
    const vaults = seed.vaults.map((found) => ({ ...found, readsDisabledKeys: true }));
    const emulator = await azureEmulator({ seed: { ...seed, vaults, keys: [] } });
    const { ca, port, url: endpoint } = emulator;
    const { tenantId, accessTokens } = emulator.credentials;
    let made = 0;
    return {
      adapter: () => azure({ endpoint, ca, tenantId, credential: emulator.credential() }),
      settings: { ca, port, tenantId, accessTokens, vault, hsm },
      async createKey({ name }) {
        made += 1;
        return emulator.createKey({ name: `key-${made}`, vault: "cmkit-dev", kty: "RSA", ...keys[name] });
      },
      missing: `${vault}/keys/missing`,
      emulator,
    };
  },
});
