import { multiCloudKms, type CallEvent, type Kms } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { fakeClock, type FakeClock } from "@cmkit/core/testing";
import { expect, test } from "vitest";

import { chainedAuditLog } from "../src/chained-audit-log.ts";
import type { AuditRecord } from "../src/cmk-record.ts";
import { refusalCounts, type RefusalCounts } from "../src/refusal-counts.ts";
import { watchedStore, type WatchedStore } from "./audit-database.ts";

const minuteMs = 60_000;
const start = Date.UTC(2030, 0, 1);

/** A call that is refused; `tenant: null` for one that is about none. */
type Refusal = Partial<Omit<CallEvent, "tenant">> & { readonly tenant?: string | null };

interface Fixture {
  readonly store: WatchedStore;
  readonly kms: Kms;
  readonly clock: FakeClock;
  readonly counts: RefusalCounts;
  readonly refuse: (event?: Refusal) => void;
  readonly written: () => Promise<readonly AuditRecord[]>;
}

function fixture(): Fixture {
  const clock = fakeClock();
  const store = watchedStore();
  const kms = multiCloudKms({ adapters: [local({ keys: { main: { aes256: new Uint8Array(32).fill(1) } } })], clock });
  const audit = chainedAuditLog({ store, recordKey: new Uint8Array(32).fill(7), clock });
  const counts = refusalCounts({ kms, store, audit });
  const refuse = ({ tenant = "acme", ...event }: Refusal = {}): void => {
    const call: CallEvent = {
      type: "unwrap",
      provider: "aws",
      resource: "arn:1",
      ...(tenant !== null && { tenant }),
      outcome: "access-denied",
      attempts: 1,
      durationMs: 3,
      ...event,
    };
    kms.events.emit(call);
    kms.events.emit({ ...call, type: "refused" });
  };
  return {
    store,
    kms,
    clock,
    counts,
    refuse,
    written: async () => (await store.reads.audit({ limit: 5000 })).map(({ record }) => record),
  };
}

test("what the KMS refuses is one entry a minute, with how often and when", async () => {
  const { refuse, clock, written } = fixture();
  refuse();
  await clock.advance(1000);
  for (let times = 1; times < 1000; times += 1) refuse();
  expect(await written()).toEqual([]);
  await clock.advance(minuteMs);
  const times = { firstAt: "2030-01-01T00:00:00.000Z", lastAt: "2030-01-01T00:00:01.000Z" };
  expect(await written()).toEqual([
    {
      seq: 1,
      at: new Date(start + minuteMs),
      actor: "registry",
      action: "key-operation.refused",
      project: "acme",
      subject: null,
      details: { provider: "aws", resource: "arn:1", operation: "unwrap", code: "access-denied", count: 1000, ...times },
      requestId: null,
    },
  ]);
});

test("tenants, keys, operations and codes are counted apart", async () => {
  const { refuse, clock, written } = fixture();
  for (const change of [{}, { tenant: "other" }, { resource: "arn:2" }, { outcome: "key-disabled" }, { type: "wrap" }] as const)
    refuse(change);
  refuse();
  await clock.advance(minuteMs);
  expect(
    (await written()).map(({ project, details }) => [
      project,
      details["resource"],
      details["operation"],
      details["code"],
      details["count"],
    ]),
  ).toEqual([
    ["acme", "arn:1", "unwrap", "access-denied", 2],
    ["other", "arn:1", "unwrap", "access-denied", 1],
    ["acme", "arn:2", "unwrap", "access-denied", 1],
    ["acme", "arn:1", "unwrap", "key-disabled", 1],
    ["acme", "arn:1", "wrap", "access-denied", 1],
  ]);
});

test("a real refusal is counted with its operation, and what went well is not", async () => {
  const { kms, clock, written } = fixture();
  const key = kms.open({ provider: "local", resource: "local:main" });
  const { wrapped } = await key.generateDataKey({ tenant: "acme" });
  await key.unwrapKey(wrapped, { tenant: "acme" });
  await expect(key.unwrapKey(wrapped, { tenant: "other" })).rejects.toMatchObject({ code: "decrypt-failed" });
  const missing = kms.open({ provider: "local", resource: "local:missing" });
  await expect(missing.describe()).rejects.toMatchObject({ code: "key-not-found" });
  await clock.advance(minuteMs);
  expect(await written()).toMatchObject([
    { project: "other", details: { resource: "local:main", operation: "unwrap", code: "decrypt-failed", count: 1 } },
    { project: null, details: { resource: "local:missing", operation: "describe", code: "key-not-found", count: 1 } },
  ]);
});

test.for<[string, Partial<CallEvent>]>([
  ["that went well", { outcome: "ok" }],
  ["to another key", { resource: "arn:2" }],
  ["that took another time", { durationMs: 4 }],
  ["that was refused before", { type: "refused" }],
])("a refusal after a call %s is of no known operation", async ([, change]) => {
  const { kms, refuse, clock, written } = fixture();
  refuse();
  const call = {
    provider: "aws",
    resource: "arn:1",
    tenant: "acme",
    outcome: "access-denied",
    attempts: 1,
    durationMs: 3,
  } as const;
  kms.events.emit({ ...call, type: "wrap", ...change });
  kms.events.emit({ ...call, type: "refused" });
  await clock.advance(minuteMs);
  expect((await written()).map(({ details }) => details["operation"])).toEqual(["unwrap", undefined]);
});

test("nothing is written, and no timer runs, while nothing is refused", async () => {
  const { kms, clock, written } = fixture();
  await kms.open({ provider: "local", resource: "local:main" }).describe();
  expect(clock.waiting).toBe(0);
  await clock.advance(10 * minuteMs);
  expect(await written()).toEqual([]);
});

test("a tenant has eleven lines a minute at most, and the others keep theirs", async () => {
  const { refuse, clock, written } = fixture();
  for (let key = 0; key < 50; key += 1) refuse({ resource: `arn:${key}` });
  refuse({ resource: "arn:3" });
  refuse({ tenant: "other" });
  await clock.advance(minuteMs);
  const ofAcme = (await written()).filter(({ project }) => project === "acme");
  expect(ofAcme).toHaveLength(11);
  expect(ofAcme[3]?.details).toMatchObject({ resource: "arn:3", count: 2 });
  expect(ofAcme[10]?.details).toEqual({ others: true, count: 40, firstAt: expect.anything(), lastAt: expect.anything() });
  expect((await written()).filter(({ project }) => project === "other")).toHaveLength(1);
});

test("calls for no tenant have a hundred and one lines a minute", async () => {
  const { refuse, clock, written } = fixture();
  for (let key = 0; key < 120; key += 1) refuse({ tenant: null, type: "describe", resource: `arn:${key}` });
  await clock.advance(minuteMs);
  expect(await written()).toHaveLength(101);
  expect((await written())[100]?.details).toMatchObject({ others: true, count: 20 });
});

test("every minute begins anew", async () => {
  const { refuse, clock, written } = fixture();
  for (let key = 0; key < 10; key += 1) refuse({ resource: `arn:${key}` });
  await clock.advance(minuteMs);
  refuse({ resource: "arn:10" });
  await clock.advance(minuteMs);
  expect((await written())[10]?.details).toMatchObject({ resource: "arn:10", count: 1 });
});

test("however many tenants are refused, a minute has 501 lines at most, and no refusal is lost", async () => {
  const { refuse, clock, written } = fixture();
  for (let tenant = 0; tenant < 1500; tenant += 1) refuse({ tenant: `t${tenant}` });
  for (let key = 0; key < 150; key += 1) refuse({ tenant: null, type: "describe", resource: `arn:${key}` });
  await clock.advance(minuteMs);
  expect(await written()).toHaveLength(501);
  expect((await written())[500]).toMatchObject({ project: null, details: { others: true, count: 1150 } });
  expect((await written()).reduce((sum, { details }) => sum + Number(details["count"]), 0)).toBe(1650);
});

test("while the store fails the counts are kept, and written once it answers", async () => {
  const { refuse, clock, store, written } = fixture();
  refuse();
  store.failing = true;
  await clock.advance(minuteMs);
  refuse();
  await clock.advance(minuteMs);
  expect(await written()).toEqual([]);
  store.failing = false;
  await clock.advance(minuteMs);
  expect(await written()).toMatchObject([{ details: { count: 2, firstAt: "2030-01-01T00:00:00.000Z" } }]);
  expect(clock.waiting).toBe(0);
});

test("closing writes down what was counted, and counts no further", async () => {
  const { refuse, clock, counts, written } = fixture();
  refuse();
  await counts.close();
  refuse();
  await clock.advance(10 * minuteMs);
  expect(await written()).toHaveLength(1);
  expect(clock.waiting).toBe(0);
  await counts.close();
});

test("closing says that the store failed, and leaves no timer behind", async () => {
  const { refuse, clock, counts, store } = fixture();
  refuse();
  store.failing = true;
  await clock.advance(minuteMs);
  await expect(counts.close()).rejects.toMatchObject({ code: "store-unavailable" });
  expect(clock.waiting).toBe(0);
});

test("closing waits for what is being written, and writes what came after it", async () => {
  const { refuse, clock, counts, store, written } = fixture();
  const write = store.write.bind(store);
  const opened = Promise.withResolvers<void>();
  store.write = async (work, options) => {
    await opened.promise;
    return write(work, options);
  };
  refuse();
  await clock.advance(minuteMs);
  refuse();
  const closed = counts.close();
  opened.resolve();
  await closed;
  expect((await written()).map(({ details }) => details["count"])).toEqual([1, 1]);
});

test("closing while a write fails leaves no timer behind", async () => {
  const { refuse, clock, counts, store } = fixture();
  const failed = Promise.withResolvers<never>();
  store.write = async () => failed.promise;
  refuse();
  await clock.advance(minuteMs);
  const closed = counts.close();
  failed.reject(new Error("gone"));
  await expect(closed).rejects.toThrow("gone");
  expect(clock.waiting).toBe(0);
});
