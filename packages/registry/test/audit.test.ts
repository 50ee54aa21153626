import { fakeClock } from "@cmkit/core/testing";
import { expect, test } from "vitest";

import type { AuditEntry } from "../src/audit-entry.ts";
import type { AuditLog } from "../src/audit-log.ts";

import { chainedAuditLog, type AuditWriter } from "../src/chained-audit-log.ts";
import type { AuditRecord } from "../src/cmk-record.ts";
import { MemoryStore } from "./audit-memory-store.ts";

const recordKey = new Uint8Array(32).fill(7);
const entry: AuditEntry = {
  actor: "token:0123456789abcdef",
  action: "cmk.create",
  project: "acme",
  subject: "6a1f3d52-0000-4000-8000-000000000001",
  details: { provider: "aws", default: true, count: 1 },
  requestId: "r-1",
};

interface Fixture {
  readonly memory: MemoryStore;
  readonly log: AuditLog & AuditWriter;
  readonly add: (change?: Partial<AuditEntry>) => Promise<AuditRecord>;
}

function fixture(): Fixture {
  const memory = new MemoryStore();
  const store = memory.asStore();
  const log = chainedAuditLog({ store, recordKey, clock: fakeClock() });
  return { memory, log, add: async (change = {}) => store.write(async (tx) => log.append(tx, { ...entry, ...change })) };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("entries are numbered without gaps and come back as they were written", async () => {
  const { log, add } = fixture();
  await add();
  await add({ project: null, subject: null, requestId: null, details: {} });
  const at = new Date(Date.UTC(2030, 0, 1));
  expect(await all(log.entries())).toEqual([
    { ...entry, seq: 1, at },
    { ...entry, seq: 2, at, project: null, subject: null, requestId: null, details: {} },
  ]);
  expect((await log.head())?.seq).toBe(2);
});

test("concurrent appends each get a number of their own", async () => {
  const { log, add } = fixture();
  await Promise.all(Array.from({ length: 20 }, async () => add()));
  expect(await log.verify()).toMatchObject({ ok: true, entries: 20, brokenAt: undefined });
});
