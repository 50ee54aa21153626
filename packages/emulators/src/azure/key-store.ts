import { refusals } from "./errors.ts";
import { hostOf, type Vault } from "./vault.ts";
import { type Deletion, isBeingDeleted, keyIdOf, type VaultKey } from "./vault-key.ts";

/** All keys of one emulator, in every vault. */
export class KeyStore {
  readonly #keys = new Map<string, VaultKey>();
  readonly #vaults: ReadonlyMap<string, Vault>;
  readonly #clock: () => number;

  constructor(vaults: readonly Vault[], clock: () => number) {
    this.#vaults = new Map(vaults.map((vault) => [hostOf(vault), vault]));
    this.#clock = clock;
  }

  /** Every vault, in the seed's order. */
  get vaults(): readonly Vault[] {
    return [...this.#vaults.values()];
  }

  /** The vault of a host name; a port does not matter. */
  vaultAt(host: string): Vault | undefined {
    return this.#vaults.get(host.replace(/:\d+$/, "").toLowerCase());
  }

  /** Adds a key; its name must be new in its vault. */
  add(key: VaultKey): void {
    const id = key.id.toLowerCase();
    if (this.#keys.has(id)) throw new TypeError(`expected each key once, got ${key.id} twice`);
    this.#keys.set(id, key);
  }

  /** Every key that is not purged, the deleted ones among them. */
  list(): readonly VaultKey[] {
    return [...this.#keys.keys()].flatMap((id) => this.get(id) ?? []);
  }

  /** The key with this full name, deleted or not. Upper and lower case are one; what has waited long enough is purged here. */
  get(id: string): VaultKey | undefined {
    const key = this.#keys.get(id.toLowerCase());
    if (key?.deletion === undefined || key.deletion.purgeAtMs > this.#clock()) return key;
    this.#keys.delete(id.toLowerCase());
    return undefined;
  }

  /**
   * A key of a vault that is not deleted.
   *
   * @throws {ServiceRefusal} 404, for a deleted one too.
   */
  live(vault: Vault, name: string, version?: string): VaultKey {
    const key = this.get(keyIdOf(vault, name));
    if (key === undefined || key.deletion !== undefined) {
      throw refusals.notFound(version === undefined ? name : `${name}/${version}`);
    }
    return key;
  }

  /**
   * A deleted key of a vault.
   *
   * @throws {ServiceRefusal} 404, for one that is not deleted too.
   */
  deleted(vault: Vault, name: string): { readonly key: VaultKey; readonly deletion: Deletion } {
    const key = this.get(keyIdOf(vault, name));
    if (key?.deletion === undefined || isBeingDeleted(key, this.#clock())) throw refusals.deletedNotFound(name);
    return { key, deletion: key.deletion };
  }

  /** Removes a key for good. */
  purge(key: VaultKey): void {
    this.#keys.delete(key.id.toLowerCase());
  }
}
