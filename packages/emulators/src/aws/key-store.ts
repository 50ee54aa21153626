import { refusals, ServiceRefusal } from "./errors.ts";
import { aliasArn, keyArn, keyIdPattern, parseKmsArn } from "./key-arn.ts";
import type { KmsKey } from "./kms-key.ts";

/** Where a reference that is not an ARN is looked up. */
export interface Home {
  readonly region: string;
  readonly account: string;
}

/** An alias and the key it points to. */
export interface Alias {
  readonly name: string;
  readonly arn: string;
  readonly keyArn: string;
  readonly changedAtMs: number;
}

/** All keys and aliases of one emulator, in every region and account. */
export class KeyStore {
  readonly #keys = new Map<string, KmsKey>();
  readonly #aliases = new Map<string, Alias>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Adds a key; its ARN must be new. */
  add(key: KmsKey): void {
    if (this.#keys.has(key.arn)) throw new TypeError(`expected each key once, got ${key.arn} twice`);
    this.#keys.set(key.arn, key);
  }

  /** Every key that is not deleted. */
  list(): readonly KmsKey[] {
    return [...this.#keys.keys()].flatMap((arn) => this.get(arn) ?? []);
  }

  /** The key with this ARN. One whose waiting period has passed is deleted here, with its aliases. */
  get(arn: string): KmsKey | undefined {
    const key = this.#keys.get(arn);
    if (key?.deletionAtMs === undefined || key.deletionAtMs > this.#clock()) return key;
    this.#keys.delete(arn);
    for (const alias of this.aliasesOf(arn)) this.#aliases.delete(alias.arn);
    return undefined;
  }

  /** The keys that share an id and an account: one, or a multi-Region key and its replicas, the primary first. */
  related(key: KmsKey): readonly KmsKey[] {
    return this.list().filter(({ keyId, account }) => keyId === key.keyId && account === key.account);
  }

  /** The aliases of a key. */
  aliasesOf(arn: string): readonly Alias[] {
    return [...this.#aliases.values()].filter((alias) => alias.keyArn === arn);
  }

  /** The aliases of an account in a region. */
  aliasesIn(home: Home): readonly Alias[] {
    const prefix = aliasArn(home.region, home.account, "alias/");
    return [...this.#aliases.values()].filter(({ arn }) => arn.startsWith(prefix));
  }

  /** The alias with this ARN. */
  alias(arn: string): Alias | undefined {
    return this.#aliases.get(arn);
  }

  /** Points an alias at a key of the same account and region. */
  setAlias(name: string, key: KmsKey): void {
    const arn = aliasArn(key.region, key.account, name);
    this.#aliases.set(arn, { name, arn, keyArn: key.arn, changedAtMs: this.#clock() });
  }

  /** Removes an alias. */
  deleteAlias(arn: string): void {
    this.#aliases.delete(arn);
  }

  /**
   * The ARN a reference stands for, whether or not there is such a key: key id, key ARN, alias or alias ARN.
   *
   * @throws {ServiceRefusal} when it has no such form, is an ARN of another region, or is an alias that does not exist.
   */
  resolve(reference: string, home: Home, aliases: boolean): string {
    if (!reference.startsWith("arn:")) {
      if (keyIdPattern.test(reference)) return keyArn(home.region, home.account, reference);
      if (!aliases || !reference.startsWith("alias/")) throw refusals.invalidKeyId(reference);
      return this.#aliasTarget(aliasArn(home.region, home.account, reference));
    }
    const arn = parseKmsArn(reference);
    if (arn === undefined) throw new ServiceRefusal("InvalidArnException", `Invalid arn ${reference}`);
    if (arn.region !== home.region) throw refusals.otherRegion(arn.region);
    if (arn.kind === "key") return reference;
    if (!aliases) throw refusals.invalidKeyId(reference);
    return this.#aliasTarget(reference);
  }

  #aliasTarget(arn: string): string {
    const alias = this.#aliases.get(arn);
    if (alias === undefined) throw refusals.aliasNotFound(arn);
    return alias.keyArn;
  }
}
