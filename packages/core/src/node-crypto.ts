import type * as crypto from "node:crypto";

let loaded: typeof crypto | undefined;

/** `node:crypto`, loaded at its first use: importing it takes longer than importing all of this package. */
export function nodeCrypto(): typeof crypto {
  return (loaded ??= process.getBuiltinModule("node:crypto"));
}
