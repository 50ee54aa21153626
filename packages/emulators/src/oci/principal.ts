import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

import type { OciSeedPrincipal } from "./seed.ts";

/** Someone who may call, with the key that verifies the signatures. */
export interface Principal {
  readonly tenancy: string;
  readonly user: string;
  /** What the `keyId` of a signature must be. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** The compartments that the tenancy's policies allow; all of them without. */
  readonly compartments: ReadonlySet<string> | undefined;
}

/** The name of an API signing key: MD5 over its public key, which identifies and protects nothing. */
export function fingerprintOf(publicKey: KeyObject): string {
  const digest = createHash("md5")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  return digest.match(/../g)?.join(":") ?? "";
}

function readKey(read: () => KeyObject, path: string): KeyObject {
  try {
    return read();
  } catch {
    throw new TypeError(`${path}: expected a PEM of an RSA key, got another string`);
  }
}

function publicKeyOf({ privateKey, publicKey }: OciSeedPrincipal, path: string): KeyObject {
  if ((privateKey === undefined) === (publicKey === undefined)) {
    throw new TypeError(`${path}: expected a privateKey or a publicKey, got ${publicKey === undefined ? "none" : "both"}`);
  }
  const key =
    privateKey === undefined
      ? readKey(() => createPublicKey(publicKey ?? ""), `${path}.publicKey`)
      : readKey(() => createPublicKey(createPrivateKey(privateKey)), `${path}.privateKey`);
  if (key.asymmetricKeyType !== "rsa")
    throw new TypeError(`${path}: expected an RSA key, got ${key.asymmetricKeyType ?? "none"}`);
  return key;
}

/** Reads the principals of a seed, by the `keyId` of their signatures. */
export function principalsOf(seeds: readonly OciSeedPrincipal[]): ReadonlyMap<string, Principal> {
  const principals = new Map<string, Principal>();
  for (const [index, seed] of seeds.entries()) {
    const path = `seed.principals[${index}]`;
    const { tenancy, user, fingerprint, sessionToken, compartments } = seed;
    const publicKey = publicKeyOf(seed, path);
    if (fingerprintOf(publicKey) !== fingerprint) {
      throw new TypeError(`${path}.fingerprint: expected the one of the key, ${fingerprintOf(publicKey)}, got ${fingerprint}`);
    }
    const keyId = sessionToken === undefined ? `${tenancy}/${user}/${fingerprint}` : `ST$${sessionToken}`;
    if (principals.has(keyId)) throw new TypeError(`${path}: expected each principal once, got one twice`);
    principals.set(keyId, {
      tenancy,
      user,
      keyId,
      publicKey,
      compartments: compartments === undefined ? undefined : new Set(compartments),
    });
  }
  return principals;
}
