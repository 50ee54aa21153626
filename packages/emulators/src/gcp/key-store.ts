import { type CryptoKey, settle } from "./crypto-key.ts";
import { keyNameOf } from "./resource-name.ts";

/** A key ring. Rings cannot be deleted, and keys only with all that was ever encrypted under them. */
export interface KeyRing {
  readonly name: string;
  readonly createdAtMs: number;
}

/** All key rings and keys of one emulator, in every project and location. */
export class KeyStore {
  readonly #rings = new Map<string, KeyRing>();
  readonly #keys = new Map<string, CryptoKey>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Adds a key ring, unless it is there. */
  addRing(ring: KeyRing): void {
    if (!this.#rings.has(ring.name)) this.#rings.set(ring.name, ring);
  }

  /** The key ring with this name. */
  ring(name: string): KeyRing | undefined {
    return this.#rings.get(name);
  }

  /** Every key ring. */
  rings(): readonly KeyRing[] {
    return [...this.#rings.values()];
  }

  /** Adds a key, and its ring if that is new; the name of the key must be. */
  add(key: CryptoKey): void {
    if (this.#keys.has(key.name)) throw new TypeError(`expected each key once, got ${key.name} twice`);
    this.addRing({ name: key.name.slice(0, key.name.indexOf("/cryptoKeys/")), createdAtMs: key.createdAtMs });
    this.#keys.set(key.name, key);
  }

  /** The key that a name of it or of one of its versions names, as it is now. */
  get(name: string): CryptoKey | undefined {
    const key = this.#keys.get(keyNameOf(name));
    if (key !== undefined) settle(key, this.#clock());
    return key;
  }

  /** Every key. */
  list(): readonly CryptoKey[] {
    return [...this.#keys.keys()].flatMap((name) => this.get(name) ?? []);
  }
}
