import { KmsError, type Cmk, type PublicKeyPin, type WrappedKey } from "@cmkit/core";

import { operatorSource, type CmkRecord, type CmkStatus } from "./cmk-record.ts";
import { RegistryError } from "./registry-error.ts";

/** What a rule decides: the rows to write, all at once, and the one that was asked about. */
export interface Change {
  readonly rows: readonly CmkRecord[];
  readonly result: CmkRecord;
}

/** A key that is to be registered, as its adapter has parsed it. */
export interface NewCmk {
  readonly id: string;
  readonly project: string;
  readonly provider: string;
  readonly resource: string;
  readonly canonical: string;
  readonly keyResource: string;
  readonly resolved: boolean;
  readonly isDefault: boolean;
}

/** What `update` may change. */
export interface CmkChange {
  readonly defaultCmk?: boolean;
  readonly status?: "current" | "old";
}

/** The CMK of this id, unless it is deleted. @throws {RegistryError} `not-found` */
export function liveCmk(cmks: readonly CmkRecord[], id: string): CmkRecord {
  const found = cmks.find((cmk) => cmk.id === id && cmk.status !== "deleted");
  if (found === undefined) throw new RegistryError("not-found", "There is no CMK with this id in the project.");
  return found;
}

/** The project's default; there is at most one. */
export function defaultCmk(cmks: readonly CmkRecord[]): CmkRecord | undefined {
  return cmks.find(({ isDefault }) => isDefault);
}

/** The CMKs that open data: the default, the other current ones, the old ones; each group oldest first. */
export function acceptedCmks(cmks: readonly CmkRecord[]): readonly CmkRecord[] {
  const of = (status: CmkStatus): readonly CmkRecord[] => cmks.filter((cmk) => cmk.status === status);
  const current = of("current");
  return [...current.filter(({ isDefault }) => isDefault), ...current.filter(({ isDefault }) => !isDefault), ...of("old")];
}

/** Whether new data keys may be wrapped under the key. */
export function isCurrent(cmks: readonly CmkRecord[], cmk: Cmk): boolean {
  return currentCmk(cmks, cmk) !== undefined;
}

/** Whether a data key that was wrapped so may be kept: also of an RSA key it is the version that is used now. */
export function isCurrentWrap(cmks: readonly CmkRecord[], { cmk, keyVersion }: Pick<WrappedKey, "cmk" | "keyVersion">): boolean {
  const current = currentCmk(cmks, cmk);
  return current !== undefined && (current.pin === null || current.pin.keyVersion === keyVersion);
}

function currentCmk(cmks: readonly CmkRecord[], { provider, resource }: Cmk): CmkRecord | undefined {
  return cmks.find((cmk) => cmk.status === "current" && cmk.provider === provider && cmk.canonical === resource);
}

/**
 * How many CMKs a project may have, deleted ones included. All of them are read, and their tags checked, whenever something
 * is asked about one: without a limit one project could keep a server busy for all others.
 */
export const maxCmks = 1000;

/** @throws {RegistryError} `already-exists`; `invalid-request`: the project has as many CMKs as it may. */
export function register(cmks: readonly CmkRecord[], asked: NewCmk, at: Date): Change {
  const same = holderOf(cmks, { provider: asked.provider, resource: asked.canonical });
  if (same !== undefined) {
    throw new RegistryError("already-exists", `This key already exists in the project: it is CMK ${same.id}.`);
  }
  if (cmks.length >= maxCmks) {
    throw new RegistryError("invalid-request", `A project has at most ${maxCmks} CMKs, deleted ones included.`);
  }
  const result: CmkRecord = { ...asked, status: "current", pin: null, createdAt: at, updatedAt: at, validation: null };
  return { rows: [...(asked.isDefault ? demoted(cmks, at) : []), result], result };
}

/** A change that changes nothing writes nothing. @throws {RegistryError} `not-found`, `in-use`, `invalid-request` */
export function update(cmks: readonly CmkRecord[], id: string, change: CmkChange, at: Date): Change {
  const cmk = liveCmk(cmks, id);
  const status = change.status ?? cmk.status;
  const isDefault = change.defaultCmk ?? cmk.isDefault;
  if (isDefault && status !== "current") {
    if (change.defaultCmk === true) {
      throw new RegistryError("invalid-request", "An old CMK cannot be the default: make it current first.");
    }
    throw new RegistryError("in-use", "The default CMK cannot be made old: make another CMK the default first.");
  }
  if (status === cmk.status && isDefault === cmk.isDefault) return { rows: [], result: cmk };
  const result: CmkRecord = { ...cmk, status, isDefault, updatedAt: at };
  return { rows: [...(isDefault && !cmk.isDefault ? demoted(cmks, at) : []), result], result };
}

/** @param dataKeys How many are wrapped under it. @throws {RegistryError} `not-found`, `in-use` */
export function remove(cmks: readonly CmkRecord[], id: string, dataKeys: number, force: boolean, at: Date): Change {
  const cmk = liveCmk(cmks, id);
  if (dataKeys > 0 && !force) {
    const keys = dataKeys === 1 ? "1 data key depends" : `${dataKeys} data keys depend`;
    throw new RegistryError(
      "in-use",
      `The CMK cannot be deleted because ${keys} on it. Rewrap them to another CMK first. It can be forced: they then open nothing until the key is registered again.`,
    );
  }
  const result: CmkRecord = { ...cmk, status: "deleted", isDefault: false, updatedAt: at };
  return { rows: [result], result };
}

/**
 * From now on nothing new is wrapped under the source: the target takes its place. Where both are one, nothing changes.
 *
 * @param from `operator`: of no CMK of the project's.
 * @returns `result` is the target.
 * @throws {RegistryError} `not-found`; `invalid-request`: the target is not current.
 */
export function supersede(cmks: readonly CmkRecord[], from: string, to: string, at: Date): Change {
  const source = from === operatorSource ? undefined : liveCmk(cmks, from);
  const target = liveCmk(cmks, to);
  if (target.status !== "current") {
    throw new RegistryError("invalid-request", "Data keys can only be rewrapped to a current CMK: make it current first.");
  }
  if (source === undefined || source.id === target.id) return { rows: [], result: target };
  const result = source.isDefault ? { ...target, isDefault: true, updatedAt: at } : target;
  const left: CmkRecord = { ...source, status: "old", isDefault: false, updatedAt: at };
  // The last default first: there are never two.
  return { rows: [...(source.status === "old" ? [] : [left]), ...(result === target ? [] : [result])], result };
}

/** What the KMS said of the key itself. */
export interface Identity {
  readonly canonical: string;
  readonly keyResource: string;
  /** Of an RSA key; null for a symmetric one. */
  readonly pin: PublicKeyPin | null;
}

/**
 * Fixes an alias to the key that it names, and an RSA key to the public key that was proven.
 * @throws {KmsError} `invalid-resource`: the project has that key already, under another id.
 */
export function identify(cmks: readonly CmkRecord[], cmk: CmkRecord, identity: Identity, at: Date): CmkRecord {
  const { canonical, keyResource, pin } = identity;
  const isSame = cmk.canonical === canonical && cmk.keyResource === keyResource && samePin(cmk.pin, pin);
  if (cmk.resolved && isSame) return cmk;
  const same = holderOf(cmks, { provider: cmk.provider, resource: canonical });
  if (same !== undefined && same.id !== cmk.id) {
    const detail = `it names a key that the project has registered already, as CMK ${same.id}`;
    throw new KmsError("invalid-resource", { provider: cmk.provider, detail });
  }
  return { ...cmk, canonical, keyResource, resolved: true, pin, updatedAt: at };
}

/** Registering a key proves no ownership. @throws {KmsError} `access-denied`: in the words of a key that we may not use. */
export function refuseForeign(usedBy: readonly string[], project: string, provider: string, shared: boolean): void {
  if (!shared && usedBy.some((name) => name !== project)) throw new KmsError("access-denied", { provider });
}

/** By the canonical form: a project may have two versions of a key as two CMKs, to move from one to the other. */
function holderOf(cmks: readonly CmkRecord[], { provider, resource }: Cmk): CmkRecord | undefined {
  return cmks.find((cmk) => cmk.status !== "deleted" && cmk.provider === provider && cmk.canonical === resource);
}

function demoted(cmks: readonly CmkRecord[], at: Date): readonly CmkRecord[] {
  return cmks.filter(({ isDefault }) => isDefault).map((cmk) => ({ ...cmk, isDefault: false, updatedAt: at }));
}

function samePin(a: PublicKeyPin | null, b: PublicKeyPin | null): boolean {
  if (a === null || b === null) return a === b;
  return a.keyVersion === b.keyVersion && Buffer.compare(a.spkiSha256, b.spkiSha256) === 0;
}
