import { createHash } from "node:crypto";
import { fakeClock, type FakeClock } from "@cmkit/core/testing";
import { expect, test } from "vitest";

import { chainedAuditLog } from "../src/chained-audit-log.ts";
import type { Role, TokenRecord } from "../src/cmk-record.ts";
import type { StoredToken } from "../src/store.ts";
import { apiTokens, type ApiTokens } from "../src/token-store.ts";
import { MemoryStore } from "./audit-memory-store.ts";

const recordKey = new Uint8Array(32).fill(7);
const minuteMs = 60_000;

interface Fixture {
  readonly memory: MemoryStore;
  readonly tokens: ApiTokens;
  readonly clock: FakeClock;
}

function fixture(): Fixture {
  const memory = new MemoryStore();
  const clock = fakeClock();
  return { memory, clock, tokens: apiTokens({ store: memory.asStore(), recordKey, clock }) };
}

test("a token says who its holder is", async () => {
  const { tokens } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  expect(await tokens.authenticate(secret)).toEqual({ actor: `token:${token.id}`, role: "viewer", project: "acme" });
  const all = await tokens.create("*", "operator");
  expect(await tokens.authenticate(all.secret)).toMatchObject({ role: "operator", project: "*" });
});

test("a token is 71 characters, the last six of which check the others", async () => {
  const { tokens } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  expect(secret).toMatch(new RegExp(`^cmkit_${token.id}[A-Za-z0-9_-]{49}$`));
  expect(createHash("sha256").update(secret.slice(0, 65)).digest("base64url").slice(0, 6)).toBe(secret.slice(65));
});

test("the store keeps the hash of the secret and nothing else of it", async () => {
  const { tokens, memory } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const row = memory.rows.tokens.get(token.id);
  const bytes = Buffer.from(secret.slice(22, 65), "base64url");
  expect(row?.record.secretHash).toEqual(new Uint8Array(createHash("sha256").update(bytes).digest()));
  expect(JSON.stringify([memory.rows.audit, await tokens.list()])).not.toContain(secret.slice(22, 30));
});

test("every misspelt token is refused before the store is asked", async () => {
  const { tokens, memory } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  memory.rows.tokens.get = () => expect.unreachable("the store was asked");
  const spellings = [
    ...Array.from(secret, (character, at) => secret.slice(0, at) + (character === "a" ? "b" : "a") + secret.slice(at + 1)),
    secret.slice(0, -1),
    `${secret}a`,
    ` ${secret}`,
    `${secret}\n`,
    secret.toUpperCase(),
    "",
    "cmkit_",
    "x".repeat(100_000),
    withChecksum(respelt(secret)),
  ];
  for (const spelling of spellings) expect(await tokens.authenticate(spelling)).toBeUndefined();
  for (const other of [undefined, null, 7, [secret], { length: 71 }])
    expect(await tokens.authenticate(other as unknown as string)).toBeUndefined();
});

test("a well-formed token that nobody made is refused", async () => {
  const { tokens } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  const otherSecret = secret.slice(0, 22) + Buffer.alloc(32, 9).toString("base64url");
  const otherId = `cmkit_0123456789abcdef${secret.slice(22, 65)}`;
  for (const body of [otherSecret, otherId]) expect(await tokens.authenticate(withChecksum(body))).toBeUndefined();
});

test("a token ends with its expiry, to the millisecond", async () => {
  const { tokens, clock } = fixture();
  const expiresAt = new Date(clock.wallMs() + 1000);
  const { secret } = await tokens.create("acme", "viewer", { expiresAt });
  expiresAt.setFullYear(2099);
  await clock.advance(999);
  expect(await tokens.authenticate(secret)).toBeDefined();
  await clock.advance(1);
  expect(await tokens.authenticate(secret)).toBeUndefined();
});

test("a revoked token is refused at once, and revoking again changes nothing", async () => {
  const { tokens, memory, clock } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const revoked = await tokens.revoke(token.id, { actor: "cli:ada" });
  expect(await tokens.authenticate(secret)).toBeUndefined();
  await clock.advance(minuteMs);
  expect(await tokens.revoke(token.id)).toEqual(revoked);
  expect(revoked.revokedAt).toEqual(new Date(Date.UTC(2030, 0, 1)));
  expect(memory.rows.audit).toHaveLength(2);
});

test("a token that does not exist cannot be revoked", async () => {
  const { tokens } = fixture();
  for (const id of ["0123456789abcdef", "", "x", "0123456789ABCDEF"])
    await expect(tokens.revoke(id)).rejects.toMatchObject({ code: "not-found" });
});

test("what is done to tokens stands in the audit log, with who did it", async () => {
  const { tokens, memory } = fixture();
  const { token } = await tokens.create("acme", "viewer", { actor: "cli:ada", expiresAt: new Date("2031-01-01") });
  await tokens.create("*", "operator", { requestId: "r-1" });
  await tokens.revoke(token.id, { actor: "token:00000000000000ff", requestId: "r-2" });
  const details = { project: "acme", role: "viewer", expiresAt: "2031-01-01T00:00:00.000Z" };
  expect(memory.rows.audit.map(({ record }) => record)).toMatchObject([
    { actor: "cli:ada", action: "token.create", project: "acme", subject: token.id, details, requestId: null },
    {
      actor: "application",
      action: "token.create",
      project: null,
      details: { project: "*", role: "operator" },
      requestId: "r-1",
    },
    { actor: "token:00000000000000ff", action: "token.revoke", subject: token.id, requestId: "r-2" },
  ]);
});

test("a token that could not be logged does not exist", async () => {
  const { tokens, memory } = fixture();
  await expect(tokens.create("acme", "viewer", { actor: "x".repeat(257) })).rejects.toThrow(TypeError);
  expect(memory.rows.tokens.size).toBe(0);
});

test.for<[string, unknown, unknown, unknown, typeof TypeError | typeof RangeError]>([
  ["an empty project", "", "viewer", undefined, TypeError],
  ["a project of 257 characters", "x".repeat(257), "viewer", undefined, TypeError],
  ["a project with a line break", "a\nb", "viewer", undefined, TypeError],
  ["a project that is no string", 7, "viewer", undefined, TypeError],
  ["another role", "acme", "admin", undefined, RangeError],
  ["a role that every object has", "acme", "constructor", undefined, RangeError],
  ["an expiry that is no date", "acme", "viewer", "2040-01-01", TypeError],
  ["an expiry that is not a moment", "acme", "viewer", new Date(Number.NaN), TypeError],
  ["an expiry now", "acme", "viewer", new Date(Date.UTC(2030, 0, 1)), RangeError],
  ["an expiry in the year 10000", "acme", "viewer", new Date(Date.UTC(10_000, 0, 1)), RangeError],
])("%s is a wrong argument", async ([, project, role, expiresAt, error]) => {
  const { tokens, memory } = fixture();
  const made = tokens.create(project as string, role as Role, { expiresAt: expiresAt as Date });
  await expect(made).rejects.toThrow(error);
  expect(memory.rows.audit).toHaveLength(0);
});

test("the last use is written down at most once a minute", async () => {
  const { tokens, memory, clock } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const touched: Date[] = [];
  memory.onTouch = (at) => touched.push(at);
  const use = async (): Promise<void> => {
    await Promise.all(Array.from({ length: 10 }, async () => tokens.authenticate(secret)));
    await clock.advance(minuteMs / 2);
  };
  for (let times = 0; times < 4; times += 1) await use();
  expect(touched).toEqual([new Date(Date.UTC(2030, 0, 1)), new Date(Date.UTC(2030, 0, 1, 0, 1))]);
  expect((await tokens.list())[0]).toMatchObject({ id: token.id, lastUsedAt: touched[1] });
});

test("a store that cannot write down the last use keeps nobody out, and is asked again a minute later", async () => {
  const { tokens, memory, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  let tries = 0;
  memory.onTouch = () => {
    tries += 1;
    throw new Error("read-only");
  };
  for (let times = 0; times < 3; times += 1) {
    expect(await tokens.authenticate(secret)).toBeDefined();
    await clock.advance(minuteMs / 2);
  }
  expect(tries).toBe(2);
});

test.for<[string, (row: StoredToken) => Partial<StoredToken> | { record: Partial<TokenRecord> }]>([
  ["whose role was raised", () => ({ record: { role: "operator" } })],
  ["whose project was widened", () => ({ record: { project: "*" } })],
  ["whose expiry was moved", () => ({ record: { expiresAt: null } })],
  ["whose secret was replaced", () => ({ record: { secretHash: new Uint8Array(32) } })],
  ["that was made older", () => ({ record: { createdAt: new Date(0) } })],
  ["whose tag was made up", () => ({ tag: new Uint8Array(32) })],
  ["whose tag was cut off", ({ tag }) => ({ tag: tag.subarray(0, 16) })],
])("a token %s in the database is refused, listed or not", async ([, change]) => {
  const { tokens, memory } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer", { expiresAt: new Date("2031-01-01") });
  alter(memory, token.id, change);
  const refusal = { code: "bad-record", message: expect.stringContaining(token.id) as string };
  await expect(tokens.authenticate(secret)).rejects.toMatchObject(refusal);
  await expect(tokens.list()).rejects.toMatchObject(refusal);
  await expect(tokens.revoke(token.id)).rejects.toMatchObject(refusal);
});

test("a token that was un-revoked in the database is refused", async () => {
  const { tokens, memory } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  await tokens.revoke(token.id);
  alter(memory, token.id, () => ({ record: { revokedAt: null } }));
  await expect(tokens.authenticate(secret)).rejects.toMatchObject({ code: "bad-record" });
});

test("a token that was planted in the database, or put in another's place, is refused", async () => {
  const { tokens, memory } = fixture();
  const own = await tokens.create("acme", "operator");
  const other = await tokens.create("*", "operator");
  const stranger = apiTokens({ store: memory.asStore(), recordKey: new Uint8Array(32).fill(8) });
  const planted = await stranger.create("*", "operator");
  await expect(tokens.authenticate(planted.secret)).rejects.toMatchObject({ code: "bad-record" });
  const moved = memory.rows.tokens.get(other.token.id);
  if (moved !== undefined) memory.rows.tokens.set(own.token.id, moved);
  expect(await tokens.authenticate(own.secret)).toBeUndefined();
});

test("a token made under either record key works while one replaces the other", async () => {
  const { tokens, memory, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  const store = memory.asStore();
  const current = new Uint8Array(32).fill(8);
  const both = apiTokens({ store, recordKey: { current, previous: recordKey }, clock });
  expect(await both.authenticate(secret)).toBeDefined();
  expect(await chainedAuditLog({ store, recordKey: { current, previous: recordKey }, clock }).verify()).toMatchObject({
    ok: true,
  });
});

function alter(
  memory: MemoryStore,
  id: string,
  change: (row: StoredToken) => Partial<StoredToken> | { record: Partial<TokenRecord> },
): void {
  const row = memory.rows.tokens.get(id);
  if (row === undefined) throw new Error("there is no such token");
  const changed = change(row);
  memory.rows.tokens.set(id, { ...row, ...changed, record: { ...row.record, ...changed.record } });
}

function withChecksum(body: string): string {
  return body.slice(0, 65) + createHash("sha256").update(body.slice(0, 65)).digest("base64url").slice(0, 6);
}

/** The same bytes: of the last of 43 characters only four bits of six count. */
function respelt(secret: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(secret.charAt(64));
  return `${secret.slice(0, 64)}${alphabet.charAt(last ^ 1)}`;
}
