import { describe, expect, it } from "vitest";

import { isConflict, postgresFailure } from "../../src/sql/postgres-failure.ts";
import { isBusy, sqliteFailure } from "../../src/sql/sqlite-failure.ts";

const theirs = 'relation "secrets" of database at 10.0.0.1';

describe("what a database says", () => {
  it.each([
    [5, "store-unavailable", "busy"],
    [8, "store-unavailable", "read-only"],
    [1032, "store-unavailable", "read-only"], // an extended code: SQLITE_READONLY_DBMOVED
    [10, "store-unavailable", "cannot be read or written"],
    [11, "store-unavailable", "damaged"],
    [13, "store-unavailable", "no room"],
    [14, "store-unavailable", "cannot be opened"],
    [26, "store-unavailable", "is not an SQLite database"],
    [2067, "already-exists", "another row"], // SQLITE_CONSTRAINT_UNIQUE
    [1, "store-unavailable", "not available"],
  ] as const)("is said in our words: SQLite's %s", (errcode, code, words) => {
    const cause = Object.assign(new Error(theirs), { code: "ERR_SQLITE_ERROR", errcode });
    const error = sqliteFailure(cause);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) as string, cause });
    expect(JSON.stringify(error) + error.stack).not.toContain(theirs);
    expect(isBusy(error)).toBe(errcode === 5);
  });

  it.each([
    ["25006", "store-unavailable", "read-only"],
    ["28P01", "store-unavailable", "login"],
    ["3D000", "store-unavailable", "no such database"],
    ["40001", "store-unavailable", "not available"],
    ["40P01", "store-unavailable", "not available"],
    ["42501", "store-unavailable", "permit"],
    ["53100", "store-unavailable", "no room"],
    ["53300", "store-unavailable", "no connection left"],
    ["55P03", "store-unavailable", "busy"],
    ["23505", "already-exists", "another row"],
    ["XX000", "store-unavailable", "not available"],
    ["ECONNREFUSED", "store-unavailable", "cannot be reached"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "store-unavailable", "certificate"],
  ] as const)("is said in our words: PostgreSQL's %s", (theirCode, code, words) => {
    const cause = Object.assign(new Error(theirs), { code: theirCode });
    const error = postgresFailure(cause);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) as string, cause });
    expect(JSON.stringify(error) + error.stack).not.toContain(theirs);
    expect(isConflict(error)).toBe(theirCode.startsWith("40"));
  });

  it.each([
    ["The server does not support SSL connections", "sslmode=disable"],
    ["timeout exceeded when trying to connect", "connections are in use"],
    ["Connection terminated unexpectedly", "broke"],
    ["Query read timeout", "busy"],
  ])("is said in our words where it is words alone: %s", (message, words) => {
    expect(postgresFailure(new Error(message)).message).toContain(words);
  });

  it("is told from what is no error of theirs", () => {
    for (const cause of [undefined, null, "text", {}, new Error("The server does not support SSL connections")]) {
      expect(postgresFailure(cause)).toMatchObject({ code: "store-unavailable", cause });
      expect(sqliteFailure(cause)).toMatchObject({ code: "store-unavailable", cause });
    }
  });
});
