type Crypto = typeof import("node:crypto");

let loaded: Crypto | undefined;

/** `node:crypto`, loaded at its first use: importing it takes longer than importing all of this package. */
export function nodeCrypto(): Crypto {
  return (loaded ??= process.getBuiltinModule("node:crypto"));
}
