import { awsPeer } from "./aws-peer.ts";
import type { Peer } from "./peer.ts";
import { peersCache } from "./peers-cache.ts";
import { installPython, python, pythonEnv } from "./python-environment.ts";

const unauthenticated = "a symmetric wrap is an XOR: Decrypt finds no change in it, and gives other bytes";

/** AWS KMS in Python: real RSA-OAEP and key states; what it calls symmetric encryption is an XOR. */
export const ministack: Peer = awsPeer({
  name: "ministack",
  from: "ministack 1.5.33 from PyPI",
  install: installPython,
  command: (port) => ({
    command: python,
    args: ["-m", "ministack"],
    env: {
      ...pythonEnv,
      SERVICES: "kms",
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: "123456789012",
      // Its MQTT broker would listen on every interface.
      IOT_MTLS_ENABLED: "0",
      TMPDIR: peersCache,
    },
    health: `http://127.0.0.1:${port}/_ministack/health`,
  }),
  keys: [
    { keySpec: "RSA_2048", bits: 2048, versions: "none" },
    { keySpec: "RSA_3072", bits: 3072, versions: "none" },
    { keySpec: "RSA_4096", bits: 4096, versions: "none" },
    { keySpec: "SYMMETRIC_DEFAULT", bits: 256, versions: "generated" },
  ],
  deviations: {
    "symmetric: refuses a wrap of another key under this key's name": unauthenticated,
    "symmetric: refuses a wrap with one bit changed, whichever byte it is in": unauthenticated,
    "symmetric: refuses a wrap cut off anywhere": unauthenticated,
    "symmetric: says that a key does not exist": "Decrypt of a missing KeyId falls back to the key that the wrap names",
  },
});
