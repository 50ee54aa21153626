import { destroyDeleted, type Vault, type VaultKey } from "./vault-key.ts";

/** All vaults and keys of one emulator. */
export class KeyStore {
  readonly #vaults = new Map<string, Vault>();
  readonly #keys = new Map<string, VaultKey>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Adds a vault; its OCID must be new. */
  addVault(vault: Vault): void {
    if (this.#vaults.has(vault.id)) throw new TypeError(`expected each vault once, got ${vault.id} twice`);
    this.#vaults.set(vault.id, vault);
  }

  /** Adds a key; its OCID must be new. */
  add(key: VaultKey): void {
    if (this.#keys.has(key.id)) throw new TypeError(`expected each key once, got ${key.id} twice`);
    this.#keys.set(key.id, key);
  }

  /** Every vault. */
  vaults(): readonly Vault[] {
    return [...this.#vaults.values()];
  }

  /** Every key, deleted ones included. */
  list(): readonly VaultKey[] {
    return [...this.#keys.keys()].flatMap((id) => this.get(id) ?? []);
  }

  /** The key with this OCID. One whose waiting period has passed loses its material here, and is shown as deleted. */
  get(id: string): VaultKey | undefined {
    const key = this.#keys.get(id);
    if (key !== undefined) destroyDeleted(key, this.#clock());
    return key;
  }
}
