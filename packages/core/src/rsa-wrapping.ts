import type { CallOptions } from "./limit.ts";
import { rootBytes, type PublicKeyPin, type WrappedKey } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { DriverCall, DriverPublicKey } from "./driver.ts";
import type { KeyCalls } from "./key-calls.ts";
import { confirmedWithin, learnPublicKey, type KnownKey } from "./key-memory.ts";
import { isKmsError } from "./kms-error.ts";
import { readRsaPublicKey, rsaOaepEncrypt, type RsaPublicKey } from "./rsa-public-key.ts";
import { sealPayload } from "./sealed-payload.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Wraps under an RSA key: locally, with a public key that is pinned, proven and lately confirmed. */
export class RsaWrapping {
  private readonly calls: KeyCalls;
  private readonly pin: PublicKeyPin | undefined;

  constructor(calls: KeyCalls, pin: PublicKeyPin | undefined) {
    this.calls = calls;
    this.pin = pin;
  }

  /** @param open Unwraps through the KMS: proves, once a process, that the public key is that of the key it holds. */
  async wrap(
    known: KnownKey,
    root: Uint8Array,
    context: BoundContext,
    confirmedWithinMs: number,
    options: CallOptions,
    open: (wrapped: WrappedKey) => Promise<Uint8Array>,
  ): Promise<WrappedKey> {
    const { clock } = this.calls.runtime;
    const version = this.version(known);
    if (!confirmedWithin(known, version, confirmedWithinMs, clock)) await this.calls.confirm(version, context, options);
    const key = await this.publicKey(known, options);
    if (this.pin === undefined) await this.prove(known, key, context, open);
    const started = clock.monotonicMs();
    const wrapped = this.encrypt(known, key, root, context);
    this.calls.report("wrap", context, "ok", 0, clock.monotonicMs() - started);
    return wrapped;
  }

  async confirm(known: KnownKey, options: CallOptions): Promise<void> {
    await this.calls.confirm(this.version(known), undefined, options);
    await this.publicKey(known, options);
  }

  async publicKey(known: KnownKey, options: CallOptions): Promise<RsaPublicKey> {
    if (known.kind !== "rsa") this.calls.refuse("wrong-key-type", "a symmetric key has no public key");
    const version = this.version(known);
    const held = known.publicKeys.get(version)?.key ?? (await this.fetch(known, version, options));
    if (this.pin !== undefined && !nodeCrypto().timingSafeEqual(held.spkiSha256, this.pin.spkiSha256)) {
      this.calls.refuse("bad-answer", "the public key is not the one that was pinned");
    }
    return held;
  }

  private version(known: KnownKey): string | null {
    return this.pin === undefined ? known.keyVersion : this.pin.keyVersion;
  }

  private async fetch(known: KnownKey, version: string | null, options: CallOptions): Promise<RsaPublicKey> {
    const driver = this.calls.driver();
    const send = async (call: DriverCall): Promise<DriverPublicKey> => driver.publicKey(version, call);
    return this.calls.call("publicKey", { keyVersion: version }, options, send, (answer) => {
      this.calls.checkAnswer(answer, driver.resource, version);
      const key = readRsaPublicKey(answer.spki, version);
      if (key === undefined) return this.calls.refuse("bad-answer", "the public key is not an RSA key with exponent 65537");
      if (version !== null && answer.keyVersion === null)
        this.calls.refuse("bad-answer", "it does not name the version of its public key");
      return learnPublicKey(known, key, this.calls.cmk.provider);
    });
  }

  /** Before a public key wraps anything that matters, the KMS has opened one wrap made with it. */
  private async prove(
    known: KnownKey,
    key: RsaPublicKey,
    context: BoundContext,
    open: (wrapped: WrappedKey) => Promise<Uint8Array>,
  ): Promise<void> {
    const held = known.publicKeys.get(key.keyVersion);
    if (held === undefined || held.proven) return;
    const probe = new Uint8Array(nodeCrypto().randomBytes(rootBytes));
    const opened = await open(this.encrypt(known, key, probe, context)).catch((error: unknown) => {
      if (isKmsError(error) && error.code === "decrypt-failed") return new Uint8Array(rootBytes);
      throw error;
    });
    const same = nodeCrypto().timingSafeEqual(opened, probe);
    wipe(opened, probe);
    if (!same) this.calls.refuse("bad-answer", "the KMS cannot open what its public key wraps");
    held.proven = true;
  }

  private encrypt(known: KnownKey, key: RsaPublicKey, root: Uint8Array, context: BoundContext): WrappedKey {
    const payload = sealPayload(root, context);
    try {
      const cmk = { provider: this.calls.cmk.provider, resource: known.resource };
      return { cmk, keyVersion: key.keyVersion, bytes: rsaOaepEncrypt(key, payload), kind: "rsa" };
    } finally {
      wipe(payload);
    }
  }
}
