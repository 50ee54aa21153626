import { ageMs, type Clock, type Moment } from "./clock.ts";
import type { Cmk, KeyDescription, KeyKind } from "./cmk.ts";
import { KmsError } from "./kms-error.ts";
import type { RsaPublicKey } from "./rsa-public-key.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** What this process has learned of a key and holds the KMS to from then on. */
export interface KnownKey {
  readonly kind: KeyKind;
  readonly bits: number;
  /** Canonical, with any alias resolved. */
  readonly resource: string;
  /** The version described first; an RSA key wraps under it for as long as the process lives. */
  readonly keyVersion: string | null;
  /** The version described last: what a symmetric key wraps under, where a wrap must name its version. */
  currentVersion: string | null;
  readonly publicKeys: Map<string | null, { readonly key: RsaPublicKey; proven: boolean }>;
  /** When the last describe that said `enabled` was sent, for each key version. */
  readonly confirmed: Map<string | null, Moment>;
}

/** Pins the first answers about each key: a later answer that contradicts them is `bad-answer`. */
export class KeyMemory {
  private readonly keys = new Map<string, KnownKey>();

  get(cmk: Cmk): KnownKey | undefined {
    return this.keys.get(memoryKey(cmk));
  }

  learn(cmk: Cmk, description: KeyDescription): KnownKey {
    const { kind, bits, resource, keyVersion, provider } = description;
    const known = this.get(cmk);
    if (known === undefined) {
      const fresh: KnownKey = {
        kind,
        bits,
        resource,
        keyVersion,
        currentVersion: keyVersion,
        publicKeys: new Map(),
        confirmed: new Map(),
      };
      this.keys.set(memoryKey(cmk), fresh);
      return fresh;
    }
    if (known.kind !== kind || known.bits !== bits || known.resource !== resource) {
      throw new KmsError("bad-answer", { provider, detail: "the key's kind, size or identity is not what it was before" });
    }
    return known;
  }
}

export function learnPublicKey(known: KnownKey, key: RsaPublicKey, provider: string): RsaPublicKey {
  const pinned = known.publicKeys.get(key.keyVersion)?.key;
  if (key.bits !== known.bits)
    throw new KmsError("bad-answer", { provider, detail: "the public key has not the size that was described" });
  if (pinned === undefined) known.publicKeys.set(key.keyVersion, { key, proven: false });
  else if (!nodeCrypto().timingSafeEqual(pinned.spkiSha256, key.spkiSha256)) {
    throw new KmsError("bad-answer", { provider, detail: "the public key is not the one that was pinned" });
  }
  return pinned ?? key;
}

export function confirmedWithin(known: KnownKey, keyVersion: string | null, maxAgeMs: number, clock: Clock): boolean {
  const since = known.confirmed.get(keyVersion);
  return since !== undefined && ageMs(clock, since) < maxAgeMs;
}

function memoryKey({ provider, resource }: Cmk): string {
  return `${provider}\0${resource}`;
}
