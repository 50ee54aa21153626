import { awsPeer } from "./aws-peer.ts";
import type { Peer } from "./peer.ts";
import { installPython, python, pythonEnv } from "./python-environment.ts";

// Where the id that a wrap begins with is no UTF-8, it answers InvalidCiphertextException, as AWS KMS does.
const foreign = "Decrypt answers AccessDeniedException when a wrap begins with the id of another key, or of none";
const stateless = "keys are used whatever state DescribeKey says they are in";

/** AWS KMS in Python: real AES-GCM with encryption context. */
export const moto: Peer = awsPeer({
  name: "moto",
  from: "moto 5.2.5 from PyPI",
  install: installPython,
  command: (port) => ({
    command: python,
    args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
    env: pythonEnv,
    health: `http://127.0.0.1:${port}/moto-api/`,
  }),
  keys: [{ keySpec: "SYMMETRIC_DEFAULT", bits: 256, versions: "none" }],
  deviations: {
    "refuses a wrap of another key under this key's name": foreign,
    "refuses a wrap with one bit changed, whichever byte it is in": foreign,
    "refuses a wrap cut off anywhere": { sometimes: foreign },
    "refuses a wrap with something before or behind it": foreign,
    "refuses bytes that no key wrapped": foreign,
    "stops using a disabled key, and starts again": stateless,
    "stops using a key that is pending deletion, and starts again": stateless,
  },
});
