import { createHash } from "node:crypto";
import { fakeClock, type FakeClock } from "@cmkit/core/testing";
import { expect, test } from "vitest";

import type { AuditRecord, Role } from "../src/cmk-record.ts";
import type { RegistryStore, RegistryWrites } from "../src/store.ts";
import { apiTokens, type ApiTokens } from "../src/token-store.ts";
import { attackedStore, watchedStore, type AttackedStore, type WatchedStore } from "./audit-database.ts";

const recordKey = new Uint8Array(32).fill(7);
const minuteMs = 60_000;

interface Fixture {
  readonly store: WatchedStore;
  readonly tokens: ApiTokens;
  readonly clock: FakeClock;
}

function fixture(): Fixture {
  const store = watchedStore();
  const clock = fakeClock();
  return { store, clock, tokens: apiTokens({ store, recordKey, clock }) };
}

async function logged(store: RegistryStore): Promise<readonly AuditRecord[]> {
  return (await store.reads.audit({ limit: 100 })).map(({ record }) => record);
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
  const { tokens, store } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const row = await store.reads.token(token.id);
  const bytes = Buffer.from(secret.slice(22, 65), "base64url");
  expect(row?.record.secretHash).toEqual(new Uint8Array(createHash("sha256").update(bytes).digest()));
  expect(JSON.stringify([await logged(store), await tokens.list()])).not.toContain(secret.slice(22, 30));
});

test("every misspelt token is refused before the store is asked", async () => {
  const { tokens, store } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  store.reads.token = () => expect.unreachable("the store was asked");
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
  const made = tokens.create("acme", "viewer", { expiresAt });
  expiresAt.setFullYear(2099); // the caller's date is the caller's
  const { secret } = await made;
  await clock.advance(999);
  expect(await tokens.authenticate(secret)).toBeDefined();
  await clock.advance(1);
  expect(await tokens.authenticate(secret)).toBeUndefined();
});

test("a revoked token is refused at once, and revoking again changes nothing", async () => {
  const { tokens, store, clock } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const revoked = await tokens.revoke(token.id, { actor: "cli:ada" });
  expect(await tokens.authenticate(secret)).toBeUndefined();
  await clock.advance(minuteMs);
  expect(await tokens.revoke(token.id)).toEqual(revoked);
  expect(revoked.revokedAt).toEqual(new Date(Date.UTC(2030, 0, 1)));
  expect(await logged(store)).toHaveLength(2);
});

test("a token that does not exist cannot be revoked", async () => {
  const { tokens } = fixture();
  for (const id of ["0123456789abcdef", "", "x", "0123456789ABCDEF"])
    await expect(tokens.revoke(id)).rejects.toMatchObject({ code: "not-found" });
});

test("what is done to tokens stands in the audit log, with who did it", async () => {
  const { tokens, store } = fixture();
  const { token } = await tokens.create("acme", "viewer", { actor: "cli:ada", expiresAt: new Date("2031-01-01") });
  await tokens.create("*", "operator", { requestId: "r-1" });
  await tokens.revoke(token.id, { actor: "token:00000000000000ff", requestId: "r-2" });
  const details = { project: "acme", role: "viewer", expiresAt: "2031-01-01T00:00:00.000Z" };
  expect(await logged(store)).toMatchObject([
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
  const { tokens } = fixture();
  await expect(tokens.create("acme", "viewer", { actor: "x".repeat(257) })).rejects.toThrow(TypeError);
  expect(await tokens.list()).toEqual([]);
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
  const { tokens, store } = fixture();
  const made = tokens.create(project as string, role as Role, { expiresAt: expiresAt as Date });
  await expect(made).rejects.toThrow(error);
  expect(await logged(store)).toHaveLength(0);
});

test("the last use is written down at most once a minute", async () => {
  const { tokens, store, clock } = fixture();
  const { token, secret } = await tokens.create("acme", "viewer");
  const lastUsed: (Date | null | undefined)[] = [];
  for (let times = 0; times < 4; times += 1) {
    await Promise.all(Array.from({ length: 10 }, async () => tokens.authenticate(secret)));
    await store.settled();
    lastUsed.push((await tokens.list())[0]?.lastUsedAt);
    await clock.advance(minuteMs / 2);
  }
  const [first, second] = [new Date(Date.UTC(2030, 0, 1)), new Date(Date.UTC(2030, 0, 1, 0, 1))];
  expect(lastUsed).toEqual([first, first, second, second]);
  expect(store.writes).toBe(3);
  expect(await tokens.revoke(token.id)).toMatchObject({ lastUsedAt: second });
});

test("two processes write down the last use of a token once a minute together, if not at the same moment", async () => {
  const { tokens, store, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  await tokens.authenticate(secret);
  await store.settled();
  await apiTokens({ store, recordKey, clock }).authenticate(secret);
  expect(store.writes).toBe(2);
});

test("a store that cannot write down the last use keeps nobody out, and is asked again a minute later", async () => {
  const { tokens, store, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  store.failing = true;
  for (let times = 0; times < 3; times += 1) {
    expect(await tokens.authenticate(secret)).toBeDefined();
    await clock.advance(minuteMs / 2);
  }
  expect(store.writes).toBe(3);
});

test("a token that is used for the first time before a wall clock that was set back is used once more", async () => {
  const { tokens, store, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  await tokens.authenticate(secret);
  await store.settled();
  clock.jumpWall(-60 * minuteMs);
  expect(await tokens.authenticate(secret)).toBeDefined();
  await store.settled();
  expect((await tokens.list())[0]?.lastUsedAt).toEqual(new Date(Date.UTC(2029, 11, 31, 23)));
});

interface Attack extends AttackedStore {
  readonly tokens: ApiTokens;
}

function attack(): Attack {
  const attacked = attackedStore();
  return { ...attacked, tokens: apiTokens({ store: attacked.store, recordKey, clock: fakeClock() }) };
}

test.for([
  ["whose role was raised", "role = 'operator'"],
  ["whose project was widened", "project = '*'"],
  ["that was given another project", "project = 'other'"],
  ["whose expiry was moved", "expires_at = expires_at + 1"],
  ["whose expiry was taken away", "expires_at = null"],
  ["whose secret was replaced", "secret_hash = zeroblob(32)"],
  ["that was made older", "created_at = 0"],
  ["that was revoked by nobody", "revoked_at = created_at"],
  ["whose tag was made up", "tag = zeroblob(32)"],
  ["whose tag was cut off", "tag = substr(tag, 1, 16)"],
  ["whose tag was removed", "tag = x''"],
  ["of a role that there is not", "role = 'admin'"],
] as const)("a token %s in the database is refused, listed or not", async ([, change]) => {
  const { tokens, sql } = attack();
  const { token, secret } = await tokens.create("acme", "viewer", { expiresAt: new Date("2031-01-01") });
  sql(`update cmkit_tokens set ${change}`);
  await expect(tokens.authenticate(secret)).rejects.toMatchObject({ code: "bad-record" });
  await expect(tokens.list()).rejects.toMatchObject({ code: "bad-record" });
  await expect(tokens.revoke(token.id)).rejects.toMatchObject({ code: "bad-record" });
});

test("a token that was un-revoked in the database is refused, and named", async () => {
  const { tokens, sql } = attack();
  const { token, secret } = await tokens.create("acme", "viewer");
  await tokens.revoke(token.id);
  sql("update cmkit_tokens set revoked_at = null");
  const refusal = { code: "bad-record", message: expect.stringContaining(token.id) as string };
  await expect(tokens.authenticate(secret)).rejects.toMatchObject(refusal);
});

test("a token that was planted in the database is refused", async () => {
  const { tokens, store } = attack();
  const stranger = apiTokens({ store, recordKey: new Uint8Array(32).fill(8), clock: fakeClock() });
  const { secret } = await stranger.create("*", "operator");
  await expect(tokens.authenticate(secret)).rejects.toMatchObject({ code: "bad-record" });
});

test("a token's tag means nothing for another token", async () => {
  const { tokens, sql } = attack();
  const own = await tokens.create("acme", "viewer");
  await tokens.create("*", "operator");
  const taken = "project, role, created_at, expires_at, revoked_at, tag";
  sql(`update cmkit_tokens set (${taken}) = (select ${taken} from cmkit_tokens where project = '*') where id = ?`, own.token.id);
  await expect(tokens.authenticate(own.secret)).rejects.toMatchObject({ code: "bad-record" });
});

test("a secret that was put in another token's row opens nothing", async () => {
  const { tokens, sql } = attack();
  const own = await tokens.create("acme", "viewer");
  const wide = await tokens.create("*", "operator");
  sql("delete from cmkit_tokens where id = ?", own.token.id);
  sql("update cmkit_tokens set id = ?", own.token.id);
  await expect(tokens.authenticate(own.secret)).rejects.toMatchObject({ code: "bad-record" });
  expect(await tokens.authenticate(wide.secret)).toBeUndefined();
});

test("a token made under either record key works while one replaces the other", async () => {
  const { tokens, store, clock } = fixture();
  const { secret } = await tokens.create("acme", "viewer");
  const current = new Uint8Array(32).fill(8);
  const both = apiTokens({ store, recordKey: { current, previous: recordKey }, clock });
  expect(await both.authenticate(secret)).toBeDefined();
  await expect(apiTokens({ store, recordKey: current, clock }).authenticate(secret)).rejects.toMatchObject({
    code: "bad-record",
  });
});

test("a token is read for revoking only when nobody else can be writing it", async () => {
  const { tokens, store } = fixture();
  const { token } = await tokens.create("acme", "viewer");
  const calls: string[] = [];
  const write = store.write.bind(store);
  store.write = async (work, options) =>
    write(async (tx) => {
      const watched = Object.create(tx) as RegistryWrites;
      watched.lockAudit = async () => {
        calls.push("lock");
        return tx.lockAudit();
      };
      watched.token = async (id) => {
        calls.push("read");
        return tx.token(id);
      };
      return work(watched);
    }, options);
  await tokens.revoke(token.id);
  expect(calls.slice(0, 2)).toEqual(["lock", "read"]);
});

test("of concurrent revocations one is logged, and all say the same", async () => {
  const { tokens, store } = fixture();
  const { token } = await tokens.create("acme", "viewer");
  const revoked = await Promise.all(Array.from({ length: 10 }, async () => tokens.revoke(token.id)));
  expect(new Set(revoked.map((each) => each.revokedAt?.getTime())).size).toBe(1);
  expect(await logged(store)).toHaveLength(2);
});

function withChecksum(body: string): string {
  return body.slice(0, 65) + createHash("sha256").update(body.slice(0, 65)).digest("base64url").slice(0, 6);
}

/** The same bytes: of the last of 43 characters only four bits of six count. */
function respelt(secret: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(secret.charAt(64));
  return `${secret.slice(0, 64)}${alphabet.charAt(last ^ 1)}`;
}
