import type { Cmk } from "./cmk.ts";
import { checkPlaintext } from "./content-cipher.ts";
import type { BoundContext } from "./context.ts";
import { EnvelopeEngine } from "./envelope-engine.ts";
import { envelopeSettings, type EnvelopeOptions } from "./envelope-options.ts";
import { KmsError } from "./kms-error.ts";
import { untilDeadline, type CallOptions } from "./limit.ts";
import { HeldTables } from "./held-tables.ts";
import { encodePath, type Path } from "./path.ts";
import { parseSealed, type Profile } from "./sealed-message.ts";
import type { SealingKey, SealingKeys } from "./sealing-keys.ts";
import { wipe } from "./wipe.ts";

/** Whose data it is. */
export interface TenantOptions extends CallOptions {
  readonly tenant: string;
  /** Context entries beside the tenant; opening needs the same ones. @see Context */
  readonly context?: Readonly<Record<string, string>>;
}

export interface SealerOptions extends TenantOptions {
  /** `compact` (default with a data-key store): 73–75 bytes more than the plaintext. `portable`: carries its wrapped data key. */
  readonly profile?: Profile;
}

export interface SealOptions extends SealerOptions {
  /** Where the message belongs; opening needs the same. Default `[]`. */
  readonly path?: Path;
}

export interface OpenOptions extends TenantOptions {
  readonly path?: Path;
  /** Opens with the escrow CMK of this name, and with no other. */
  readonly escrow?: string;
}

/** Seals synchronously, for as long as its data key may be used. */
export interface Sealer extends Disposable {
  /**
   * Seals one message.
   *
   * @param plaintext At most 64 MiB. Borrowed.
   * @returns A new `Uint8Array`.
   * @throws {KmsError} `data-key-expired`: the key's age, count or last confirmation ended, or it was purged, refused,
   * pushed out or disposed of. Get a new sealer.
   */
  seal(plaintext: Uint8Array, path?: Path): Uint8Array;
}

/** Encrypts and decrypts a service's data under its tenants' CMKs. */
export interface Envelope {
  /**
   * Seals bytes. On a warm cache it makes no call, derives nothing and hashes nothing.
   *
   * @param plaintext At most 64 MiB. Borrowed.
   * @returns A sealed message. @see docs/envelope-format.md
   * @throws {KmsError} the KMS's refusal, at the latest one TTL after it began; `unavailable` while the store or the KMS cannot be reached.
   */
  seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array>;
  /**
   * Opens what `seal` or a sealer made, under the same tenant, context and path.
   *
   * @throws {KmsError} `malformed`: not a sealed message. `decrypt-failed`: another tenant, context or path, or any change.
   * `unknown-data-key`, `key-removed`; the KMS's refusal, at the latest one TTL after it began.
   */
  open(sealed: Uint8Array, options: OpenOptions): Promise<Uint8Array>;
  /** A synchronous sealer for one tenant: the hot path. @throws {KmsError} as `seal` does. */
  sealer(options: SealerOptions): Promise<Sealer>;
  /** Drops every data key that rests on `cmk`, or all of them, for reading and writing. @param tenant Only this one's. */
  purge(cmk?: Cmk, tenant?: string): void;
}

/**
 * Envelope encryption: AES-256-GCM data keys under CMKs, cached for at most `cache.ttlMs`.
 *
 * The bound: at most `ttlMs` after the KMS first refuses, nothing is opened any more and nothing written.
 * @throws {TypeError | RangeError} for options that cannot be.
 * @see docs/envelope-format.md, docs/threat-model.md
 */
export function envelope(options: EnvelopeOptions): Envelope {
  return envelopeAmong(new HeldTables(), options);
}

/** The same, one of those that drop together what one of them hears refused. */
export function envelopeAmong(tables: HeldTables, options: EnvelopeOptions): Envelope {
  return new CachedEnvelope(new EnvelopeEngine(envelopeSettings(options), tables));
}

/** What is behind an envelope, for field encryption. @throws {TypeError} unless {@link envelope} of this copy of the package made it. */
export function engineOf(box: Envelope): EnvelopeEngine {
  if (!(box instanceof CachedEnvelope)) throw new TypeError("expected what envelope() of this copy of @cmkit/core gave");
  return box.engine;
}

class CachedEnvelope implements Envelope {
  readonly engine: EnvelopeEngine;

  constructor(engine: EnvelopeEngine) {
    this.engine = engine;
  }

  async seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array> {
    const { path = [], tenant, context } = options;
    const { sealing } = this.engine;
    checkPlaintext(plaintext);
    const profile = this.profile(options);
    const bound = this.engine.bind(tenant, context);
    refuseAborted(options);
    const key = sealing.ready(bound);
    this.engine.emit(key === undefined ? "miss" : "hit", bound);
    if (key !== undefined) {
      const sealed = sealing.seal(key, profile, plaintext, path);
      if (sealed !== undefined) return sealed;
    }
    return this.sealCold(plaintext, bound, profile, path, options);
  }

  /** The caller's arrays may change while we wait: what is sealed is what they held when they were given. */
  private async sealCold(
    plaintext: Uint8Array,
    bound: BoundContext,
    profile: Profile,
    path: Path,
    options: SealOptions,
  ): Promise<Uint8Array> {
    const { sealing, settings } = this.engine;
    encodePath(path); // wrong arguments are refused before any call
    const ownPath = path.slice();
    const own = new Uint8Array(plaintext);
    const limits = untilDeadline(options, settings.clock);
    try {
      for (;;) {
        const key = await sealing.obtain(bound, limits);
        const sealed = sealing.seal(key, profile, own, ownPath);
        if (sealed !== undefined) return sealed;
        // others used it up, or it was purged, while we waited
      }
    } finally {
      wipe(own);
    }
  }

  async open(sealed: Uint8Array, options: OpenOptions): Promise<Uint8Array> {
    const { path = [], tenant, context, escrow } = options;
    const { reading } = this.engine;
    const message = parseSealed(sealed);
    if (escrow !== undefined && typeof escrow !== "string") throw new TypeError("expected escrow to be a name");
    const bound = this.engine.bind(tenant, context);
    refuseAborted(options);
    const held = escrow === undefined ? reading.cached(message, bound) : undefined;
    this.engine.emit(held === undefined ? "miss" : "hit", bound);
    if (held !== undefined) return held.open(message, path);
    encodePath(path); // wrong arguments are refused before any call
    const own = parseSealed(new Uint8Array(sealed)); // the caller's arrays may change while we wait
    const ownPath = path.slice();
    const loaded = await reading.load(own, bound, escrow, options);
    return reading.fresh(loaded).open(own, ownPath);
  }

  async sealer(options: SealerOptions): Promise<Sealer> {
    const { sealing, settings } = this.engine;
    if (settings.ttlMs === 0)
      throw new KmsError("unsupported", { detail: "with cache.ttlMs 0 there is no key that a sealer could hold" });
    const profile = this.profile(options);
    const bound = this.engine.bind(options.tenant, options.context);
    refuseAborted(options);
    const held = sealing.ready(bound);
    this.engine.emit(held === undefined ? "miss" : "hit", bound);
    const key = held ?? (await sealing.obtain(bound, options));
    return new KeySealer(key, profile, sealing);
  }

  purge(cmk?: Cmk, tenant?: string): void {
    this.engine.purge(cmk, tenant);
  }

  private profile({ profile }: SealerOptions): Profile {
    const { usualProfile, dataKeys } = this.engine.settings;
    if (profile !== undefined && profile !== "compact" && profile !== "portable")
      throw new TypeError("expected profile to be compact or portable");
    if (profile === "compact" && dataKeys === undefined)
      throw new KmsError("unsupported", { detail: "compact messages need a data-key store" });
    return profile ?? usualProfile;
  }
}

class KeySealer implements Sealer {
  private key: SealingKey | undefined;
  private readonly profile: Profile;
  private readonly keys: SealingKeys;

  constructor(key: SealingKey, profile: Profile, keys: SealingKeys) {
    this.key = key;
    this.profile = profile;
    this.keys = keys;
  }

  seal(plaintext: Uint8Array, path: Path = []): Uint8Array {
    checkPlaintext(plaintext);
    const sealed =
      this.key !== undefined && this.keys.usable(this.key) ? this.keys.seal(this.key, this.profile, plaintext, path) : undefined;
    if (sealed === undefined) throw new KmsError("data-key-expired", { detail: "get a new sealer" });
    return sealed;
  }

  [Symbol.dispose](): void {
    this.key = undefined;
  }
}

export function refuseAborted({ signal }: CallOptions): void {
  if (signal?.aborted === true) throw new KmsError("aborted");
}
