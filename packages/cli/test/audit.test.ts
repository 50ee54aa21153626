import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";

import { auditHeadText, parsedAuditHead } from "../src/audit-head.ts";
import { type RegistryHome, registryHome } from "./registry-home.ts";

/** A registry with this many entries in its log, of the projects a, b, a, b, … */
async function withEntries(count: number): Promise<RegistryHome> {
  const home = await registryHome();
  for (let n = 0; n < count; n += 1) await home.token(n % 2 === 0 ? "a" : "b", "viewer");
  return home;
}

async function json(home: RegistryHome, ...argv: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await home.cmkit(["audit", ...argv, "--json"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

async function numbers(home: RegistryHome, ...argv: readonly string[]): Promise<readonly number[]> {
  return ((await json(home, "list", ...argv)) as { seq: number }[]).map(({ seq }) => seq);
}

describe("cmkit audit list", () => {
  it("prints the newest entries, or those after a number, of all projects or of one", async () => {
    const home = await withEntries(6);
    expect(await numbers(home)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await numbers(home, "--limit", "2")).toEqual([5, 6]);
    expect(await numbers(home, "--after", "2", "--limit", "2")).toEqual([3, 4]);
    expect(await numbers(home, "--after", "0", "--limit", "1")).toEqual([1]);
    expect(await numbers(home, "--project", "a")).toEqual([1, 3, 5]);
    expect(await numbers(home, "--project", "b", "--limit", "2")).toEqual([4, 6]);
    expect(await numbers(home, "--project", "b", "--after", "2", "--limit", "1")).toEqual([4]);
    expect(await numbers(home, "--project", "c")).toEqual([]);
    expect(await numbers(home, "--after", "6")).toEqual([]);
    expect(await numbers(home, "--limit", "0")).toEqual([]);
  });

  it("prints a table in which nothing is cut, with who, what and when", async () => {
    const home = await withEntries(1);
    const { stdout } = await home.cmkit(["audit", "list"]);
    const [head, rules, row] = stdout.split("\n");
    expect(head).toMatch(/^number +at +who +what +project +subject +details$/);
    expect(rules).toMatch(/^=+(?: {2}=+){6}$/);
    expect(row).toMatch(/^1 +\d{4}-\S+Z +cli:ada +token\.create +a +[0-9a-f]{16} +project=a role=viewer$/);
  });
});

describe("cmkit audit export", () => {
  it("prints every entry as one line of JSON", async () => {
    const home = await withEntries(3);
    const { exitCode, stdout, stderr } = await home.cmkit(["audit", "export"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(await json(home, "list"));
  });
});

describe("cmkit audit verify", () => {
  it("says that all is as it was written, also up to a head that was kept before", async () => {
    const home = await withEntries(2);
    const kept = (await home.cmkit(["audit", "head"])).stdout;
    expect(kept).toMatch(/^2:[\w-]{43}\n$/);
    await home.token();
    const head = (await home.cmkit(["audit", "head"])).stdout.trim();
    expect(await home.cmkit(["audit", "verify", "--head", kept])).toEqual({
      exitCode: 0,
      stdout: `All 3 entries are as they were written. Head: ${head}\n`,
      stderr: "",
    });
    expect(await json(home, "verify")).toEqual({ ok: true, entries: 3, head, broken_at: null });
  });

  it("exits with 1 and the number of the first entry that was changed", async () => {
    const home = await withEntries(3);
    change(home, "update cmkit_audit set actor = 'cli:eve' where seq = 2");
    const { exitCode, stdout } = await home.cmkit(["audit", "verify"]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: "Entry 2 is missing, or is not the one that was written.\n",
    });
    const listed = await home.cmkit(["audit", "list"]);
    expect(listed.exitCode).toBe(1);
    expect(listed.stdout).toBe("");
    expect(listed.stderr).toMatch(/^cmkit: Entry 2 of the audit log is missing, or .* \(bad-record\)\.\n/);
  });

  it("sees an end that was cut off only by a head that was kept elsewhere", async () => {
    const home = await withEntries(3);
    const kept = (await home.cmkit(["audit", "head"])).stdout;
    change(home, "delete from cmkit_audit where seq = 3");
    expect((await home.cmkit(["audit", "verify"])).exitCode).toBe(0);
    const verdict = await home.cmkit(["audit", "verify", "--head", kept, "--json"]);
    expect(verdict.exitCode).toBe(1);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ ok: false, broken_at: 3 });
  });

  it("of an empty log is content, and there is no head", async () => {
    const home = await registryHome();
    expect((await home.cmkit(["audit", "verify"])).stdout).toBe("The log has no entry yet.\n");
    expect(await home.cmkit(["audit", "head"])).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "cmkit: the log has no entry yet.\n",
    });
    expect(await json(home, "head")).toEqual({ head: null });
    expect(await numbers(home)).toEqual([]);
    expect((await home.cmkit(["audit", "export"])).stdout).toBe("");
  });

  function change(home: RegistryHome, statement: string): void {
    const database = new DatabaseSync(home.path("cmkit.db"));
    expect(database.prepare(statement).run().changes).toBe(1);
    database.close();
  }
});

describe("a head as text", () => {
  it("is read back", () => {
    const head = { seq: 12, tag: new Uint8Array(32).fill(250) };
    expect(parsedAuditHead(auditHeadText(head))).toEqual(head);
  });

  it.each([
    "",
    "1",
    "1:",
    `0:${"A".repeat(43)}`,
    `01:${"A".repeat(43)}`,
    `1:${"A".repeat(42)}B`,
    `1:${"A".repeat(44)}`,
    `-1:${"A".repeat(43)}`,
  ])("is not %j", (text) => {
    expect(parsedAuditHead(text)).toBeUndefined();
  });
});
