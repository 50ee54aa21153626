import { oci } from "@cmkit/oci";
import { defaultOciSeed, ociEmulator, type OciSeedKey } from "@cmkit/emulators";
import type { Peer } from "./peer.ts";
import { sdkPeer } from "./sdk-peer.ts";

const aes = { algorithm: "AES", length: 32 } as const;
const shapes: Readonly<Record<string, OciSeedKey["keyShape"]>> = {
  RSA_2048: { algorithm: "RSA", length: 256 },
  RSA_4096: { algorithm: "RSA", length: 512 },
  AES_256: aes,
};

/** Oracle's SDK for Python. */
export const ociPython: Peer = sdkPeer({
  name: "oci",
  from: "oci 2.189.0 from PyPI, on our OCI emulator",
  script: "oci_sdk.py",
  provider: "oci",
  algorithms: [
    { kind: "rsa", name: "RSA_2048", creatable: true },
    { kind: "rsa", name: "RSA_4096", creatable: false },
    { kind: "symmetric", name: "AES_256", creatable: true },
  ],
  states: { enabled: "ENABLED", disabled: "DISABLED" },
  errors: {
    disabled: "409 IncorrectState",
    denied: "404 NotAuthorizedOrNotFound",
    missing: "404 NotAuthorizedOrNotFound",
    undecryptable: "400 InvalidParameter",
  },
  async start() {
    const emulator = await ociEmulator({ seed: { ...defaultOciSeed(), keys: [] } });
    const { credentials, region, url: endpoint } = emulator;
    const [vault = ""] = emulator.vaults;
    return {
      adapter: () => oci({ endpoint, credentials }),
      settings: { endpoint, region, credentials },
      createKey: async ({ name }) => emulator.createKey({ displayName: name, keyShape: shapes[name] ?? aes }),
      missing: vault.replace("ocid1.vault.", "ocid1.key."),
      emulator,
    };
  },
});
