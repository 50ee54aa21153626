import type { OperationName } from "./authorization.ts";
import type { Operation, VaultCall } from "./call.ts";
import { refusals } from "./errors.ts";
import { optionalBytes, requiredBytes, requiredText } from "./input.ts";
import { versionIdOf } from "./key-bundle.ts";
import { type CipherText, open, seal } from "./key-cipher.ts";
import { findVersion, type KeyVersion } from "./vault-key.ts";

interface Use {
  /** As `key_ops` and the service's messages call it. */
  readonly keyOp: "encrypt" | "decrypt" | "wrapKey" | "unwrapKey";
  readonly seals: boolean;
}

const uses: Readonly<Record<"Encrypt" | "Decrypt" | "WrapKey" | "UnwrapKey", Use>> = {
  Encrypt: { keyOp: "encrypt", seals: true },
  Decrypt: { keyOp: "decrypt", seals: false },
  WrapKey: { keyOp: "wrapKey", seals: true },
  UnwrapKey: { keyOp: "unwrapKey", seals: false },
};

// https://learn.microsoft.com/azure/key-vault/keys/about-keys-details: outside its period a key still decrypts and unwraps.
function assertUsable(version: KeyVersion, { keyOp, seals }: Use, nowMs: number): void {
  const { notBeforeMs = Number.NEGATIVE_INFINITY, expiresAtMs = Number.POSITIVE_INFINITY } = version;
  if (!version.enabled) throw refusals.disabled(keyOp);
  if (seals && (nowMs < notBeforeMs || nowMs >= expiresAtMs)) throw refusals.outsideValidity(keyOp);
  if (!version.keyOps.includes(keyOp)) throw refusals.notPermitted(keyOp);
}

function inputOf({ input }: VaultCall): CipherText {
  const value = requiredBytes(input, "value");
  const [iv, tag, aad] = [optionalBytes(input, "iv"), optionalBytes(input, "tag"), optionalBytes(input, "aad")];
  return {
    value,
    ...(iv === undefined ? {} : { iv }),
    ...(tag === undefined ? {} : { tag }),
    ...(aad === undefined ? {} : { aad }),
  };
}

function encoded(output: CipherText): object {
  return Object.fromEntries(
    Object.entries(output).map(([name, bytes]: [string, Uint8Array]) => [name, Buffer.from(bytes).toString("base64url")]),
  );
}

function operation(name: keyof typeof uses): Operation {
  const use = uses[name];
  return (call) => {
    const key = call.store.live(call.vault, call.name, call.version);
    const version = findVersion(key, call.version);
    assertUsable(version, use, call.nowMs);
    const algorithm = requiredText(call.input, "alg");
    const wraps = use.keyOp === "wrapKey" || use.keyOp === "unwrapKey";
    const output = (use.seals ? seal : open)(version, algorithm, wraps, inputOf(call));
    return { kid: versionIdOf(key, version), ...encoded(output) };
  };
}

/** The operations that use key material. */
export const cryptoOperations: Readonly<Record<keyof typeof uses & OperationName, Operation>> = {
  Encrypt: operation("Encrypt"),
  Decrypt: operation("Decrypt"),
  WrapKey: operation("WrapKey"),
  UnwrapKey: operation("UnwrapKey"),
};
