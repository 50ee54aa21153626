import type { DataKeyRecord, RecordKey } from "@cmkit/core";
import { bindContext, originTagger, type OriginTagger } from "@cmkit/core/store";

import type { BalanceRecord, CmkRecord, ProjectRecord, RewrapRecord, TokenRecord } from "./cmk-record.ts";
import type { RecordTags, RowTags } from "./record-tags.ts";
import { isRegistryError, RegistryError } from "./registry-error.ts";
import type { RegistryReads, RegistryStore, RegistryWrites, Tagged } from "./store.ts";

/** How rows are tagged anew. */
export interface Resigning {
  readonly store: RegistryStore;
  /** Of both record keys. */
  readonly tags: RecordTags;
  readonly origins: Origins;
  /** Rows that are valid under neither key are tagged too. */
  readonly trustStore: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The origin tags of data keys. */
export interface Origins {
  readonly current: OriginTagger;
  readonly either: OriginTagger;
}

export function originsOf(recordKey: RecordKey): Origins {
  const current = recordKey instanceof Uint8Array ? recordKey : recordKey.current;
  return { current: originTagger(current), either: originTagger(recordKey) };
}

const pageSize = 200;

/** How many rows of a project were tagged anew. */
export interface ProjectRows {
  readonly projects: number;
  readonly cmks: number;
  readonly rewraps: number;
  readonly balances: number;
}

/** Under the project's lock nobody changes any of these rows: whoever changes a balance holds at least a share of it. */
export async function resignProject(resigning: Resigning, name: string): Promise<ProjectRows> {
  const { store, signal } = resigning;
  const work = async (tx: RegistryWrites): Promise<ProjectRows> => {
    await tx.lockProject(name);
    const stale = await staleOf(tx, resigning, name);
    for (const row of stale.projects) await tx.putProject(row);
    for (const row of stale.cmks) await tx.putCmk(row);
    for (const row of stale.rewraps) await tx.putRewrap(row);
    for (const row of stale.balances) await putBalance(tx, row);
    return countOf(stale);
  };
  const count = countOf(await staleOf(store.reads, resigning, name));
  return Object.values(count).every((rows) => rows === 0) ? count : store.write(work, { project: name, signal });
}

/** Tagged anew, but not yet written. */
interface StaleRows {
  readonly projects: readonly Tagged<ProjectRecord>[];
  readonly cmks: readonly Tagged<CmkRecord>[];
  readonly rewraps: readonly Tagged<RewrapRecord>[];
  readonly balances: readonly Tagged<BalanceRecord>[];
}

async function staleOf(reads: RegistryReads, { tags, trustStore }: Resigning, name: string): Promise<StaleRows> {
  const project = await reads.project(name);
  return {
    projects: renewed(tags.project, project === undefined ? [] : [project], trustStore, () => `project ${name}`),
    cmks: renewed(tags.cmk, await reads.cmks(name), trustStore, ({ id }) => `CMK ${id}`),
    rewraps: renewed(tags.rewrap, await reads.rewraps(name), trustStore, ({ source }) => `the rewrap from ${source}`),
    balances: renewed(tags.balance, await reads.balances(name), trustStore, ({ resource }) => `the balance of ${resource}`),
  };
}

function countOf({ projects, cmks, rewraps, balances }: StaleRows): ProjectRows {
  return { projects: projects.length, cmks: cmks.length, rewraps: rewraps.length, balances: balances.length };
}

/** In the order in which they were read: by provider, resource and version, as all transactions lock them. */
async function putBalance(tx: RegistryWrites, row: Tagged<BalanceRecord>): Promise<void> {
  await tx.lockBalance(row.record);
  await tx.putBalance(row);
}

/** A project's data keys, one page a transaction. Their tags cover what never changes, so no lock is needed. */
export async function* resignDataKeys({ store, origins, trustStore, signal }: Resigning, project: string): AsyncIterable<number> {
  let after: Uint8Array | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const page = await store.reads.dataKeys(project, { after, limit: pageSize });
    after = page.at(-1)?.id;
    if (after === undefined) return;
    const stale = page.flatMap((record) => newOrigin(origins, record, trustStore));
    if (stale.length > 0) {
      await store.write(
        async (tx) => {
          for (const { id, origin } of stale) await tx.putOrigin(project, id, origin);
        },
        { signal },
      );
    }
    yield stale.length;
  }
}

/** All tokens. Nobody revokes one meanwhile: that, too, is done under the lock of the audit log. */
export async function resignTokens({ store, tags, trustStore, signal }: Resigning): Promise<number> {
  const staleOf = async (reads: RegistryReads): Promise<readonly Tagged<TokenRecord>[]> =>
    renewed(tags.token, await reads.tokens(), trustStore, ({ id }) => `token ${id}`);
  const work = async (tx: RegistryWrites): Promise<number> => {
    await tx.lockAudit();
    const stale = await staleOf(tx);
    for (const row of stale) await tx.putToken(row);
    return stale.length;
  };
  return (await staleOf(store.reads)).length === 0 ? 0 : store.write(work, { signal });
}

/** Those of the rows that are not tagged under the current key, tagged anew. */
function renewed<T>(tags: RowTags<T>, rows: readonly Tagged<T>[], trustStore: boolean, name: (record: T) => string): Tagged<T>[] {
  return rows
    .filter((row) => !tags.isCurrent(row))
    .map((row) => {
      if (!trustStore && !isValid(tags, row)) throw notOurs(name(row.record));
      return tags.seal(row.record);
    });
}

function isValid<T>(tags: RowTags<T>, row: Tagged<T>): boolean {
  try {
    tags.open(row);
    return true;
  } catch (error) {
    if (isRegistryError(error)) return false;
    throw error;
  }
}

/** Empty for one that is current, and for one that was made without a record key: it stays without. */
function newOrigin(
  { current, either }: Origins,
  { id, context, purpose, origin }: DataKeyRecord,
  trustStore: boolean,
): { readonly id: Uint8Array; readonly origin: Uint8Array }[] {
  const bound = bindContext(context);
  if (origin === null || current.verify(origin, purpose, bound, id)) return [];
  if (!trustStore && !either.verify(origin, purpose, bound, id))
    throw notOurs(`data key ${Buffer.from(id).toString("base64url")}`);
  return [{ id, origin: current.tag(purpose, bound, id) }];
}

function notOurs(what: string): RegistryError {
  return new RegistryError("bad-record", `The row of ${what} carries the tag of neither record key.`);
}
