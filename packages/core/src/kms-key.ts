import { untilDeadline, type CallOptions } from "./limit.ts";
import {
  maxWrappedBytes,
  rootBytes,
  type Cmk,
  type KeyDescription,
  type PublicKey,
  type PublicKeyPin,
  type WrappedKey,
} from "./cmk.ts";
import { bindContext, type BoundContext, type Context } from "./context.ts";
import type { DriverCall, DriverUnwrap, DriverWrap, KmsAdapter, KmsDriver } from "./driver.ts";
import { KeyCalls, type KeyRuntime } from "./key-calls.ts";
import { confirmedWithin, type KnownKey } from "./key-memory.ts";
import { isKmsError, type KmsErrorCode } from "./kms-error.ts";
import { RsaWrapping } from "./rsa-wrapping.ts";
import { openPayload } from "./sealed-payload.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

// RFC 8017 §7.1.2 step 1b: as long as the modulus. OpenSSL, and who uses it, also takes a ciphertext without its leading zeros.
const rsaWrapBytes: ReadonlySet<number> = new Set([256, 384, 512]);

/** Options of calls that make a wrap. */
export interface WrapOptions extends CallOptions {
  /**
   * How old the KMS's last word that the key is enabled may be. For RSA keys, whose wraps are made locally, and for symmetric
   * keys in a cloud where a wrap must name the key version. Default 0: the key is described before each wrap.
   */
  readonly confirmedWithinMs?: number;
  /**
   * Has the KMS open the wrap before it is returned, and compares: for a wrap that is to replace another. Where the wrap's
   * answer named no key version, it is the one that opening it named. Default false.
   */
  readonly verify?: boolean;
}

/** One key in one cloud. Opened by `Kms.open`; every method may be called concurrently. */
export interface KmsKey {
  /** In canonical form; an alias becomes the key itself once it has been resolved. */
  readonly cmk: Cmk;
  /** What `cmk.resource` is of the key itself, without the version that it may name: the same for all of a key's versions. */
  readonly keyResource: string;
  /** False for an alias or a versionless id that this process has not resolved yet. */
  readonly resolved: boolean;
  /** Set when the key was opened with a pin. */
  readonly pin: PublicKeyPin | undefined;

  /** Asks the KMS what the key is and in which state. @throws {KmsError} */
  describe(options?: CallOptions): Promise<KeyDescription>;

  /** The key itself: an alias or versionless id is resolved by the first describe and then fixed; else no request. @throws {KmsError} */
  resolve(options?: CallOptions): Promise<Cmk>;

  /**
   * The KMS must say now that the key is enabled and, for an RSA key, that its public key is the pinned one.
   * @throws {KmsError} the code of the state that it is in instead, such as `key-disabled`.
   */
  confirm(options?: CallOptions): Promise<void>;

  /**
   * The public key of an RSA key: checked, and the same for as long as this `Kms` lives.
   * @throws {KmsError} `wrong-key-type`: for a symmetric key. `bad-answer`: for another key than the pinned one.
   */
  publicKey(options?: CallOptions): Promise<PublicKey>;

  /**
   * Wraps 32 bytes, bound to a context.
   *
   * RSA keys wrap locally (RSA-OAEP-SHA-256 over key and context hash). Unless a pin was given, the KMS opens one wrap
   * first, once a process, so a writer without permission to unwrap opens the key with a pin. Symmetric keys wrap in the KMS.
   * @param key 32 bytes. Borrowed: neither kept nor changed.
   * @throws {KmsError} one of the codes of docs/errors.md.
   */
  wrapKey(key: Uint8Array, context: Context, options?: WrapOptions): Promise<WrappedKey>;

  /**
   * Unwraps what `wrapKey` or `generateDataKey` made, in one request.
   *
   * That an RSA wrap unwraps proves nothing about who made it: whoever has the public key can make one for any context.
   * @returns 32 bytes; the caller owns and wipes them.
   * @throws {KmsError} `decrypt-failed`: another context or key, or any change of the bytes. `malformed`: what can be seen
   * without a key, and a wrap that names another CMK. `bad-answer`: the KMS says that it used another key or version.
   */
  unwrapKey(wrapped: WrappedKey, context: Context, options?: CallOptions): Promise<Uint8Array>;

  /** A new random 32-byte key and its wrap. @returns `key` is the caller's to wipe. @throws {KmsError} */
  generateDataKey(context: Context, options?: WrapOptions): Promise<{ key: Uint8Array; wrapped: WrappedKey }>;
}

/** The portable key made of an adapter's small driver. */
export class DrivenKey implements KmsKey {
  readonly pin: PublicKeyPin | undefined;
  private readonly calls: KeyCalls;
  private readonly rsa: RsaWrapping;

  constructor(adapter: KmsAdapter, driver: KmsDriver, pin: PublicKeyPin | undefined, runtime: KeyRuntime) {
    this.calls = new KeyCalls(adapter, driver, runtime);
    this.pin = pin;
    this.rsa = new RsaWrapping(this.calls, pin);
  }

  get cmk(): Cmk {
    return { provider: this.calls.cmk.provider, resource: this.calls.driver().resource };
  }

  get keyResource(): string {
    const { resource, keyResource = resource } = this.calls.driver();
    return keyResource;
  }

  get resolved(): boolean {
    return this.calls.driver().resolved;
  }

  async describe(options: CallOptions = {}): Promise<KeyDescription> {
    return this.calls.describe(this.pin?.keyVersion ?? null, this.until(options));
  }

  async resolve(options: CallOptions = {}): Promise<Cmk> {
    if (!this.resolved) await this.known(this.until(options));
    return this.cmk;
  }

  async confirm(options: CallOptions = {}): Promise<void> {
    const limits = this.until(options);
    const known = await this.known(limits);
    if (known.kind === "rsa") await this.rsa.confirm(known, limits);
    else await this.calls.confirm(null, undefined, limits);
  }

  async publicKey(options: CallOptions = {}): Promise<PublicKey> {
    const limits = this.until(options);
    const { spki, spkiSha256, keyVersion, bits } = await this.rsa.publicKey(await this.known(limits), limits);
    return { spki: spki.slice(), spkiSha256: spkiSha256.slice(), keyVersion, bits };
  }

  async wrapKey(key: Uint8Array, context: Context, options: WrapOptions = {}): Promise<WrappedKey> {
    if (!(key instanceof Uint8Array) || key.length !== rootBytes) throw new RangeError(`expected a key of ${rootBytes} bytes`);
    const bound = bindContext(context);
    const limits = this.until(options);
    const first = this.calls.memory() === undefined;
    const known = await this.known(limits);
    // A describe that this very call needed is confirmation enough.
    const confirmedWithinMs = first ? Infinity : (options.confirmedWithinMs ?? 0);
    const open = async (wrapped: WrappedKey): Promise<Uint8Array> => (await this.unwrap(wrapped, bound, limits)).key;
    const wrapped = await (known.kind === "symmetric"
      ? this.wrapInKms(known, key, bound, confirmedWithinMs, limits)
      : this.rsa.wrap(known, key, bound, confirmedWithinMs, limits, open));
    return options.verify === true ? this.verified(wrapped, key, bound, limits) : wrapped;
  }

  async unwrapKey(wrapped: WrappedKey, context: Context, options: CallOptions = {}): Promise<Uint8Array> {
    const bound = bindContext(context);
    return (await this.unwrap(wrapped, bound, this.until(options))).key;
  }

  async generateDataKey(context: Context, options: WrapOptions = {}): Promise<{ key: Uint8Array; wrapped: WrappedKey }> {
    const bound = bindContext(context);
    const limits = this.until(options);
    const first = this.calls.memory() === undefined;
    const known = await this.known(limits);
    const driver = this.calls.driver();
    const generate = driver.generateDataKey?.bind(driver);
    if (known.kind === "rsa" || generate === undefined) {
      const key = new Uint8Array(nodeCrypto().randomBytes(rootBytes));
      const confirmed = first ? { confirmedWithinMs: Infinity } : {};
      try {
        return { key, wrapped: await this.wrapKey(key, context, { ...options, ...limits, ...confirmed }) };
      } catch (error) {
        wipe(key);
        throw error;
      }
    }
    const send = async (call: DriverCall): ReturnType<typeof generate> => generate(bound, call);
    const accept = (answer: DriverWrap & DriverUnwrap): { key: Uint8Array; wrapped: WrappedKey } =>
      opening(answer, () => {
        const wrapped = this.wrapped(known, null, answer);
        return { key: this.exactRoot(answer.plaintext, "bad-answer"), wrapped };
      });
    const made = await this.calls.call("generateDataKey", { context: bound, keyVersion: null }, limits, send, accept, wipeAnswer);
    if (options.verify !== true) return made;
    try {
      return { key: made.key, wrapped: await this.verified(made.wrapped, made.key, bound, limits) };
    } catch (error) {
      wipe(made.key);
      throw error;
    }
  }

  private async wrapInKms(
    known: KnownKey,
    key: Uint8Array,
    context: BoundContext,
    confirmedWithinMs: number,
    limits: CallOptions,
  ): Promise<WrappedKey> {
    const driver = this.calls.driver();
    const named = driver.namesVersion === true;
    if (named && !confirmedWithin(known, known.currentVersion, confirmedWithinMs, this.calls.runtime.clock)) {
      await this.calls.confirm(null, context, limits);
    }
    const keyVersion = named ? known.currentVersion : null;
    const send = async (call: DriverCall): Promise<DriverWrap> => driver.wrap({ plaintext: key, context, keyVersion }, call);
    return this.calls.call("wrap", { context, keyVersion }, limits, send, (answer) => this.wrapped(known, keyVersion, answer));
  }

  /** The wrap that the KMS was seen to open, under the version that it named, then or when it wrapped. */
  private async verified(wrapped: WrappedKey, key: Uint8Array, context: BoundContext, limits: CallOptions): Promise<WrappedKey> {
    const opened = await this.unwrap(wrapped, context, limits).catch((error: unknown) => {
      if (isKmsError(error) && error.code === "decrypt-failed")
        this.calls.refuse("bad-answer", "the KMS cannot open what was wrapped");
      throw error;
    });
    const same = nodeCrypto().timingSafeEqual(opened.key, key);
    wipe(opened.key);
    if (!same) this.calls.refuse("bad-answer", "the KMS opens what was wrapped to another key");
    this.calls.checkVersion(opened.keyVersion);
    return { ...wrapped, keyVersion: opened.keyVersion };
  }

  /** @returns Also the version that opened it: the one that was asked for, or else the one that the KMS named. */
  private async unwrap(
    wrapped: WrappedKey,
    context: BoundContext,
    limits: CallOptions,
  ): Promise<{ key: Uint8Array; keyVersion: string | null }> {
    this.checkWrapped(wrapped);
    const resolved = this.calls.driver().resolved;
    const kind = resolved && wrapped.kind !== undefined ? wrapped.kind : (await this.known(limits)).kind;
    const driver = this.calls.driver();
    if (!this.names(driver, wrapped.cmk)) this.calls.refuse("malformed", "the wrapped key names another CMK");
    const { bytes, keyVersion } = wrapped;
    if (kind === "rsa" && !rsaWrapBytes.has(bytes.length)) {
      this.calls.report("unwrap", context, "decrypt-failed", 0, 0);
      this.calls.refuse("decrypt-failed");
    }
    const request = { kind, bytes, context, keyVersion };
    const send = async (call: DriverCall): Promise<DriverUnwrap> => driver.unwrap(request, call);
    const accept = (answer: DriverUnwrap): { key: Uint8Array; keyVersion: string | null } =>
      opening(answer, () => {
        this.calls.checkAnswer(answer, driver.resource, keyVersion);
        const key =
          kind === "symmetric" ? this.exactRoot(answer.plaintext, "decrypt-failed") : openPayload(answer.plaintext, context);
        return { key: key ?? this.calls.refuse("decrypt-failed"), keyVersion: keyVersion ?? answer.keyVersion };
      });
    return this.calls.call("unwrap", { context, keyVersion }, limits, send, accept, wipeAnswer);
  }

  private async known(limits: CallOptions): Promise<KnownKey> {
    const known = await this.calls.known(this.pin?.keyVersion ?? null, limits);
    if (this.pin !== undefined && known.kind !== "rsa") this.calls.refuse("wrong-key-type", "a pin is for RSA keys");
    return known;
  }

  /** One deadline for all the requests that a call needs. */
  private until(options: CallOptions): CallOptions {
    return untilDeadline(options, this.calls.runtime.clock);
  }

  private checkWrapped({ bytes, keyVersion, kind, cmk }: WrappedKey): void {
    if (!(bytes instanceof Uint8Array) || bytes.length === 0 || bytes.length > maxWrappedBytes) {
      this.calls.refuse("malformed", `expected a wrapped key of 1 to ${maxWrappedBytes} bytes`);
    }
    if (keyVersion !== null && !(typeof keyVersion === "string" && this.calls.adapter.keyVersionGrammar.test(keyVersion))) {
      this.calls.refuse("malformed", "the wrapped key's version is not one of this cloud");
    }
    if (kind !== undefined && kind !== "rsa" && kind !== "symmetric")
      this.calls.refuse("malformed", "the wrapped key has an unknown kind");
    if (cmk.provider !== this.cmk.provider) this.calls.refuse("malformed", "the wrapped key names another provider");
  }

  private names({ resource }: KmsDriver, cmk: Cmk): boolean {
    if (cmk.resource === resource) return true; // in canonical form, as wraps are made
    try {
      return this.calls.adapter.open(cmk.resource).resource === resource;
    } catch {
      return false;
    }
  }

  private exactRoot(plaintext: Uint8Array, otherwise: KmsErrorCode): Uint8Array {
    return plaintext.length === rootBytes ? new Uint8Array(plaintext) : this.calls.refuse(otherwise);
  }

  private wrapped(known: KnownKey, asked: string | null, answer: DriverWrap): WrappedKey {
    this.calls.checkAnswer(answer, known.resource, asked);
    const { bytes } = answer;
    const keyVersion = answer.keyVersion ?? asked;
    this.calls.checkVersion(keyVersion);
    if (bytes.length === 0 || bytes.length > maxWrappedBytes)
      this.calls.refuse("bad-answer", "the wrapped key has an impossible length");
    return {
      cmk: { provider: this.cmk.provider, resource: known.resource },
      keyVersion,
      bytes: new Uint8Array(bytes),
      kind: known.kind,
    };
  }
}

function wipeAnswer(late: DriverUnwrap): void {
  wipe(late.plaintext);
}

/** Copies what is needed out of an answer; the answer's own plaintext is wiped, believed or not. */
function opening<R>(answer: DriverUnwrap, read: () => R): R {
  try {
    return read();
  } finally {
    wipeAnswer(answer);
  }
}
