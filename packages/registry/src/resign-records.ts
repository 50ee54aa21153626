import type { Clock, RecordKey } from "@cmkit/core";

import type { AuditEntry } from "./audit-entry.ts";
import { chainedAuditLog } from "./chained-audit-log.ts";
import { recordTags } from "./record-tags.ts";
import type { Attribution } from "./registry.ts";
import { resignAudit } from "./resign-audit.ts";
import { originsOf, resignDataKeys, resignProject, resignTokens, type ProjectRows, type Resigning } from "./resign-rows.ts";
import type { AuditHead, RegistryStore } from "./store.ts";
import { headText, verifyAudit } from "./verify-audit.ts";

const pageSize = 200;

/** How many rows were tagged anew; those that carried the current key's tag already are not counted. */
export interface ResignCounts extends ProjectRows {
  readonly dataKeys: number;
  readonly tokens: number;
  readonly auditEntries: number;
}

export interface ResignRecordsOptions extends Attribution {
  readonly store: RegistryStore;
  /** Both keys; the current one alone with `trustStore`, when the previous one is lost. */
  readonly recordKey: RecordKey;
  /**
   * Tags also what is valid under neither key. The record key is lost: the operator vouches for every row that the store
   * holds, and a CMK, token or data key that somebody planted there is taken for the operator's own. Default false.
   */
  readonly trustStore?: boolean;
  /** A head of the audit log that was kept elsewhere: the log must still hold it. */
  readonly head?: AuditHead;
  /** What is done so far, after each transaction, and within the audit log's after each page. */
  readonly onProgress?: (counts: ResignCounts) => void;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly clock?: Pick<Clock, "wallMs">;
}

/**
 * Tags every row of a store under the current record key, so that the previous one can go. Every process that uses the store
 * must hold both keys by then: where they are restarted one after the other, first with the new key as `previous`, then with
 * it as `current`, so that none meets a row that it cannot check.
 *
 * Stopped anywhere, `kill -9` included, it leaves every row valid under one of the two; run again, it does what is left. The
 * audit log is tagged anew in one transaction, during which no registry change gets through (for 100,000 entries some 10 s on
 * SQLite, up to two minutes on PostgreSQL), and says so in an entry `records.resign`, which names the head that the log had
 * before. Keep its new head.
 *
 * Portable messages carry their origin tag with them, wherever they are: those sealed under the previous key open only as
 * long as it is given, and have to be sealed again.
 *
 * @throws {RegistryError} `bad-record`: names the first row that is valid under neither key.
 */
export async function resignRecords(options: ResignRecordsOptions): Promise<ResignCounts> {
  const { store, recordKey, trustStore = false, signal, onProgress = () => {} } = options;
  const resigning: Resigning = { store, tags: recordTags(recordKey), origins: originsOf(recordKey), trustStore, signal };
  const counts = { projects: 0, cmks: 0, rewraps: 0, balances: 0, dataKeys: 0, tokens: 0, auditEntries: 0 };
  const tell = (): void => onProgress({ ...counts });
  for await (const name of projectsOf(store)) {
    signal?.throwIfAborted();
    const { projects, cmks, rewraps, balances } = await resignProject(resigning, name);
    counts.projects += projects;
    counts.cmks += cmks;
    counts.rewraps += rewraps;
    counts.balances += balances;
    for await (const dataKeys of resignDataKeys(resigning, name)) counts.dataKeys += dataKeys;
    tell();
  }
  counts.tokens = await resignTokens(resigning);
  tell();
  return finish(options, counts);
}

/** The audit log, and the entry that says what was done: last, so that the entry tells of everything. */
async function finish(options: ResignRecordsOptions, before: ResignCounts): Promise<ResignCounts> {
  const { store, recordKey, trustStore = false, clock = { wallMs: Date.now }, head, signal, onProgress = () => {} } = options;
  const current = recordKey instanceof Uint8Array ? recordKey : recordKey.current;
  const { audit: tags } = recordTags(recordKey);
  const { audit: currentTags } = recordTags(current);
  const verify = { ...(head && { head }), ...(signal && { signal }) };
  const isCurrent = (await verifyAudit(store.reads, currentTags, verify)).ok;
  if (isCurrent && Object.values(before).every((rows) => rows === 0)) return before;
  const log = chainedAuditLog({ store, recordKey: current, clock });
  return store.write(
    async (tx) => {
      const onPage = (auditEntries: number): void => onProgress({ ...before, auditEntries });
      const audit = isCurrent ? undefined : await resignAudit(tx, { tags, currentTags, trustStore, verify, onPage });
      const counts = { ...before, auditEntries: audit?.entries ?? 0 };
      await log.append(tx, entryOf(options, counts, audit?.headBefore));
      return counts;
    },
    { signal },
  );
}

function entryOf(
  { actor = "application", requestId, trustStore = false }: ResignRecordsOptions,
  counts: ResignCounts,
  headBefore: AuditHead | undefined,
): AuditEntry {
  const details = { ...counts, trustStore, ...(headBefore && { headBefore: headText(headBefore) }) };
  return { actor, action: "records.resign", project: null, subject: null, details, requestId: requestId ?? null };
}

async function* projectsOf({ reads }: RegistryStore): AsyncIterable<string> {
  let after: string | undefined;
  for (;;) {
    const names = await reads.projects({ after, limit: pageSize });
    yield* names;
    after = names.at(-1);
    if (after === undefined) return;
  }
}
