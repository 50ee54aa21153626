import { fakeClock, type FakeClock } from "@cmkit/core/testing";
import { expect, test } from "vitest";

import type { AuditEntry } from "../src/audit-entry.ts";
import type { AuditLog } from "../src/audit-log.ts";
import { chainedAuditLog, type AuditWriter } from "../src/chained-audit-log.ts";
import type { AuditRecord } from "../src/cmk-record.ts";
import { RegistryError } from "../src/registry-error.ts";
import { resignRecords } from "../src/resign-records.ts";
import type { AuditHead, RegistryStore } from "../src/store.ts";
import { attackedStore, watchedStore, type AttackedStore } from "./audit-database.ts";

const recordKey = new Uint8Array(32).fill(7);
const entry: AuditEntry = {
  actor: "token:0123456789abcdef",
  action: "cmk.create",
  project: "acme",
  subject: "6a1f3d52-0000-4000-8000-000000000001",
  details: { provider: "aws", default: true, count: 1, text: 'ä "quoted"' },
  requestId: "r-1",
};

interface Log extends AuditLog, AuditWriter {
  readonly clock: FakeClock;
  readonly add: (...changes: Partial<AuditEntry>[]) => Promise<readonly AuditRecord[]>;
}

function logOf(store: RegistryStore, key: Parameters<typeof chainedAuditLog>[0]["recordKey"] = recordKey): Log {
  const clock = fakeClock();
  const log = chainedAuditLog({ store, recordKey: key, clock });
  const add: Log["add"] = async (...changes) =>
    store.write(async (tx) => {
      const written: AuditRecord[] = [];
      for (const change of changes) written.push(await log.append(tx, { ...entry, ...change }));
      return written;
    });
  return { ...log, clock, add };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("entries are numbered without gaps and come back as they were written", async () => {
  const log = logOf(watchedStore());
  await log.add({}, { project: null, subject: null, requestId: null, details: {} });
  const at = new Date(Date.UTC(2030, 0, 1));
  const written = [
    { ...entry, seq: 1, at },
    { ...entry, seq: 2, at, project: null, subject: null, requestId: null, details: {} },
  ];
  expect(await all(log.entries())).toEqual(written);
  expect(await log.verify()).toEqual({ ok: true, entries: 2, head: await log.head(), brokenAt: undefined });
  expect((await log.head())?.seq).toBe(2);
});

test("an empty log is whole and has no head", async () => {
  const log = logOf(watchedStore());
  expect(await log.verify()).toEqual({ ok: true, entries: 0, head: undefined, brokenAt: undefined });
  expect(await all(log.entries())).toEqual([]);
  expect(await log.head()).toBeUndefined();
});

test("concurrent appends each get a number of their own", async () => {
  const log = logOf(watchedStore());
  await Promise.all(Array.from({ length: 20 }, async () => log.add({})));
  expect(await log.verify()).toMatchObject({ ok: true, entries: 20 });
});

test("an entry is there if and only if what it tells is", async () => {
  const store = watchedStore();
  const log = logOf(store);
  const failed = store.write(async (tx) => {
    await log.append(tx, entry);
    throw new RegistryError("in-use");
  });
  await expect(failed).rejects.toMatchObject({ code: "in-use" });
  expect(await log.head()).toBeUndefined();
});

test("a wall clock that is set back leaves the order as it is", async () => {
  const log = logOf(watchedStore());
  await log.add({});
  log.clock.jumpWall(-1_000_000);
  await log.add({});
  expect(await log.verify()).toMatchObject({ ok: true, entries: 2 });
});

test("entries can be read from a number on, and of one project", async () => {
  const log = logOf(watchedStore());
  await log.add({}, { project: "other" }, { project: null }, {});
  const numbers = async (filter: Parameters<Log["entries"]>[0]): Promise<number[]> =>
    (await all(log.entries(filter))).map(({ seq }) => seq);
  expect(await numbers({ after: 0 })).toEqual([1, 2, 3, 4]);
  expect(await numbers({ after: 2 })).toEqual([3, 4]);
  expect(await numbers({ after: 4 })).toEqual([]);
  expect(await numbers({ after: 400 })).toEqual([]);
  expect(await numbers({ project: "acme" })).toEqual([1, 4]);
  expect(await numbers({ project: "acme", after: 1 })).toEqual([4]);
  await expect(numbers({ after: -1 })).rejects.toThrow(RangeError);
  await expect(numbers({ after: Number.NaN })).rejects.toThrow(RangeError);
});

test.for<[string, Partial<Record<keyof AuditEntry, unknown>>]>([
  ["an action in capitals", { action: "CMK.create" }],
  ["an action of 65 characters", { action: "x".repeat(65) }],
  ["no actor", { actor: null }],
  ["an empty actor", { actor: "" }],
  ["an actor of 257 characters", { actor: "x".repeat(257) }],
  ["a project with a line break", { project: "a\nb" }],
  ["a request id with an escape sequence", { requestId: "\u001B[2J" }],
  ["a subject with a lone surrogate", { subject: "\uD800" }],
  ["no project at all", { project: undefined }],
  ["a detail of 1,001 characters", { details: { text: "x".repeat(1001) } }],
  ["a detail with a line break", { details: { text: "a\nb" } }],
  ["a detail that is no whole number", { details: { count: 1.5 } }],
  ["a detail that is null", { details: { text: null } }],
  ["a detail that is an object", { details: { text: {} } }],
  ["17 details", { details: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`d${at}`, at])) }],
  ["a detail with a strange name", { details: { "a b": 1 } }],
  ["a detail with a name of 65 characters", { details: { ["a".repeat(65)]: 1 } }],
])("an entry with %s is a wrong argument, and nothing is written", async ([, change]) => {
  const log = logOf(watchedStore());
  const refusal = { name: "TypeError", message: expect.stringMatching(/^expected .*(?:audit entry|detail)/) as string };
  await expect(log.add(change as Partial<AuditEntry>)).rejects.toMatchObject(refusal);
  expect(await log.head()).toBeUndefined();
});

interface Attack extends AttackedStore {
  readonly log: Log;
  readonly head: AuditHead | undefined;
}

/** A log of five entries. */
async function attack(): Promise<Attack> {
  const attacked = attackedStore();
  const log = logOf(attacked.store);
  await log.add({}, { project: "other" }, { requestId: null }, { subject: null }, { actor: "cli:ada" });
  return { ...attacked, log, head: await log.head() };
}

const columns = "at, actor, action, project, subject, details, request_id, tag";

test.for<[string, number, readonly string[]]>([
  ["an entry is made older", 3, ["update cmkit_audit set at = at - 1 where seq = 3"]],
  ["an entry is somebody else's", 3, ["update cmkit_audit set actor = 'cli:eve' where seq = 3"]],
  ["an entry says something else", 3, ["update cmkit_audit set action = 'cmk.delete' where seq = 3"]],
  ["an entry is about another project", 3, ["update cmkit_audit set project = 'other' where seq = 3"]],
  ["an entry is about no project", 3, ["update cmkit_audit set project = null where seq = 3"]],
  ["an entry is about another CMK", 3, ["update cmkit_audit set subject = 'other' where seq = 3"]],
  ["an entry loses its details", 3, ["update cmkit_audit set details = '{}' where seq = 3"]],
  ["a detail changes its type", 3, ["update cmkit_audit set details = replace(details, 'true', '1') where seq = 3"]],
  ["a detail becomes a fraction", 3, ["update cmkit_audit set details = replace(details, ':1', ':1.5') where seq = 3"]],
  ["an entry is of a request", 3, ["update cmkit_audit set request_id = 'r-1' where seq = 3"]],
  ["an entry's tag is made up", 3, ["update cmkit_audit set tag = zeroblob(32) where seq = 3"]],
  ["an entry cannot be read", 3, ["update cmkit_audit set details = 'x' where seq = 3"]],
  ["the first entry cannot be read", 1, ["update cmkit_audit set tag = x'00' where seq = 1"]],
  ["the first entry is deleted", 1, ["delete from cmkit_audit where seq = 1"]],
  ["an entry is deleted", 3, ["delete from cmkit_audit where seq = 3"]],
  ["an entry is deleted and the others move up", 3, ["delete from cmkit_audit where seq = 3", renumber(">", 3, -1)]],
  ["the first entry is deleted and the others move up", 1, ["delete from cmkit_audit where seq = 1", renumber(">", 1, -1)]],
  ["two entries change places", 2, [renumber("=", 2, 100), renumber("=", 3, -1), renumber("=", 102, -99)]],
  ["an entry is inserted", 3, [renumber(">=", 3, 100), copy(2, 3), renumber(">", 100, -99)]],
  ["an entry is added", 6, [copy(5, 6)]],
  ["an entry is added far behind the end", 6, [copy(5, 60)]],
])("when %s, the log is broken there", async ([, brokenAt, statements]) => {
  const { log, sql } = await attack();
  for (const statement of statements) sql(statement);
  const verdict = await log.verify();
  expect(verdict).toMatchObject({ ok: false, brokenAt });
  expect(verdict.head?.seq ?? 0).toBe(brokenAt - 1);
  const shown: number[] = [];
  const reading = (async (): Promise<void> => {
    for await (const { seq } of log.entries()) shown.push(seq);
  })();
  await expect(reading).rejects.toMatchObject({ code: "bad-record" });
  expect(shown).toEqual(Array.from({ length: brokenAt - 1 }, (_, at) => at + 1));
});

function renumber(which: "=" | ">" | ">=", seq: number, by: number): string {
  // Downwards or upwards in an order in which no two rows ever have one number.
  return `update cmkit_audit set seq = seq + ${by} where seq ${which} ${seq}`;
}

function copy(from: number, to: number): string {
  return `insert into cmkit_audit (seq, ${columns}) select ${to}, ${columns} from cmkit_audit where seq = ${from}`;
}

test("entries that were cut off the end show against a head that was kept elsewhere", async () => {
  const { log, sql, head } = await attack();
  sql("delete from cmkit_audit where seq > 3");
  expect(await log.verify()).toMatchObject({ ok: true, entries: 3 });
  expect(await log.verify({ ...(head && { head }) })).toMatchObject({ ok: false, brokenAt: 4, entries: 3 });
  await log.add({}, {}, {});
  expect(await log.verify({ ...(head && { head }) })).toMatchObject({ ok: false, brokenAt: 5, entries: 6 });
});

test("a log that grew still holds the head that was kept", async () => {
  const { log, head } = await attack();
  await log.add({}, {});
  expect(await log.verify({ ...(head && { head }) })).toMatchObject({ ok: true, entries: 7 });
});

test("a log that was wiped and begun anew does not hold the head that was kept", async () => {
  const { log, sql, head } = await attack();
  sql("delete from cmkit_audit");
  expect(await log.verify({ ...(head && { head }) })).toMatchObject({ ok: false, brokenAt: 1 });
});

test("another operator's log is broken from its first entry", async () => {
  const { store } = await attack();
  expect(await logOf(store, new Uint8Array(32).fill(8)).verify()).toMatchObject({ ok: false, brokenAt: 1, entries: 1 });
});

test("an entry that the writer of the database made under a key of its own is not shown", async () => {
  const { log, store } = await attack();
  await logOf(store, new Uint8Array(32).fill(8)).add({ actor: "cli:ada" });
  expect(await log.verify()).toMatchObject({ ok: false, brokenAt: 6 });
  await expect(all(log.entries({ after: 5 }))).rejects.toMatchObject({ code: "bad-record" });
});

test("behind a broken entry, reading goes on where it is told to", async () => {
  const { log, sql } = await attack();
  sql("update cmkit_audit set actor = 'cli:eve' where seq = 3");
  expect((await all(log.entries({ after: 3 }))).map(({ seq }) => seq)).toEqual([4, 5]);
  sql("delete from cmkit_audit where seq = 3");
  await expect(all(log.entries({ after: 3 }))).rejects.toMatchObject({ message: expect.stringContaining("3") as string });
});

test("a log that one record key began and another goes on with is whole under both", async () => {
  const { log, store } = await attack();
  const both = logOf(store, { current: new Uint8Array(32).fill(8), previous: recordKey });
  await both.add({}, {});
  expect(await both.verify()).toMatchObject({ ok: true, entries: 7 });
  expect(await log.verify()).toMatchObject({ ok: false, brokenAt: 6 });
});

test("a log of many pages is read to its end, and broken where it is", async () => {
  const { log, sql } = await attack();
  await log.add(...Array.from({ length: 220 }, () => ({ details: {} })));
  expect(await log.verify()).toMatchObject({ ok: true, entries: 225 });
  expect(await all(log.entries({ after: 50 }))).toHaveLength(175);
  sql("update cmkit_audit set details = 'x' where seq = 217");
  expect(await log.verify()).toMatchObject({ ok: false, brokenAt: 217, entries: 216 });
});

test("after the greatest number that there is, nothing can be added", async () => {
  const { log, sql } = await attack();
  sql(copy(5, Number.MAX_SAFE_INTEGER));
  await expect(log.add({})).rejects.toMatchObject({ code: "bad-record" });
});

test("a log that is tagged anew while it is verified is not called broken; one that is changed is", async () => {
  const { log, store, sql } = await attack();
  await log.add(...Array.from({ length: 220 }, () => ({ details: {} })));
  const keys = { current: new Uint8Array(32).fill(8), previous: recordKey };
  const audit = store.reads.audit.bind(store.reads);
  let pages = 0;
  store.reads.audit = async (page) => {
    pages += 1;
    if (pages === 2) await resignRecords({ store, recordKey: keys });
    return audit(page);
  };
  expect(await logOf(store, keys).verify()).toMatchObject({ ok: true, entries: 226 });
  store.reads.audit = async (page) => {
    sql("update cmkit_audit set tag = randomblob(32)");
    return audit(page);
  };
  expect(await logOf(store, keys).verify()).toMatchObject({ ok: false, brokenAt: 1 });
});

test("only the entry about a re-signing vouches for a head that was kept", async () => {
  const { log, store, head } = await attack();
  if (head === undefined) throw new Error("the log is empty");
  const stranger = { ...head, tag: new Uint8Array(32) };
  const headBefore = `${stranger.seq}:${Buffer.from(stranger.tag).toString("base64url")}`;
  await log.add({ details: { headBefore } });
  expect(await logOf(store).verify({ head: stranger })).toMatchObject({ ok: false, brokenAt: 5 });
});

test("verifying ends when it is told to", async () => {
  const { log } = await attack();
  const reason = new Error("enough");
  await expect(log.verify({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("a store that fails is no broken log", async () => {
  const { log, store, sql } = await attack();
  sql("delete from cmkit_audit where seq = 3");
  const audit = store.reads.audit.bind(store.reads);
  const answers = [audit, async () => Promise.reject(new RegistryError("store-unavailable"))];
  store.reads.audit = async (page) => answers.shift()?.(page) ?? [];
  await expect(log.verify()).rejects.toMatchObject({ code: "store-unavailable" });
  store.reads.audit = async () => Promise.reject(new RegistryError("store-unavailable"));
  await expect(log.verify()).rejects.toMatchObject({ code: "store-unavailable" });
});
