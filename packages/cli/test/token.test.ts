import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { tokenExpiry } from "../src/token-expiry.ts";
import { cmkit } from "./command.ts";
import { registryHome } from "./registry-home.ts";

const day = 24 * 60 * 60 * 1000;

describe("cmkit token", () => {
  it("prints a new token alone on stdout, this once, and stores nothing from which it could be made", async () => {
    const home = await registryHome();
    const { exitCode, stdout, stderr } = await home.cmkit(["token", "create", "--project", "acme", "--role", "viewer"]);
    expect(exitCode).toBe(0);
    const token = /^(cmkit_([0-9a-f]{16})[\w-]{49})\n$/.exec(stdout);
    expect(stderr).toBe(`cmkit: this is token ${token?.[2]}; it is shown this once and kept nowhere.\n`);
    const list = await home.cmkit(["token", "list"]);
    expect(list.stdout).toMatch(new RegExp(`^${token?.[2]} +acme +viewer +valid +\\S+ +never +never$`, "m"));
    const secret = token?.[1]?.slice(22, 65) ?? "";
    expect(secret).toHaveLength(43);
    const kept = readFileSync(home.path("cmkit.db"));
    expect(kept.includes(secret)).toBe(false);
    expect(kept.includes(Buffer.from(secret, "base64url"))).toBe(false);
    expect(list.stdout).not.toContain(secret);
  });

  it("prints { id, token } with --json, and lists state, expiry and last use", async () => {
    const home = await registryHome();
    const made = await home.cmkit(["token", "create", "--project", "*", "--role", "operator", "--expires", "90d", "--json"]);
    expect(made.stderr).toBe("");
    const { id, token, ...more } = JSON.parse(made.stdout) as { id: string; token: string };
    expect(more).toEqual({});
    expect(token).toContain(id);
    const [listed] = JSON.parse((await home.cmkit(["token", "list", "--json"])).stdout) as [Record<string, string | null>];
    expect(listed).toMatchObject({ id, project: "*", role: "operator", last_used_at: null, revoked_at: null });
    expect(Date.parse(listed["expires_at"] ?? "") - Date.parse(listed["created_at"] ?? "")).toBeLessThanOrEqual(90 * day);
  });

  it("revokes by id, once and for good, and writes down who did it", async () => {
    const home = await registryHome();
    const { id } = await home.token("acme", "viewer");
    expect(await home.cmkit(["token", "revoke", id])).toEqual({ exitCode: 0, stdout: `Token ${id} is revoked.\n`, stderr: "" });
    const again = await home.cmkit(["token", "revoke", id, "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ id, revoked_at: expect.any(String) as string });
    expect((await home.cmkit(["token", "list"])).stdout).toMatch(new RegExp(`^${id} +acme +viewer +revoked `, "m"));
    const audit = (await home.cmkit(["audit", "list"])).stdout;
    expect(audit).toMatch(new RegExp(`^1 +\\S+ +cli:ada +token.create +\\S+ +${id} `, "m"));
    expect(audit).toMatch(new RegExp(`^2 +\\S+ +cli:ada +token.revoke +\\S+ +${id} `, "m"));
  });

  it("refuses an id that is none, without repeating it: it may be the token", async () => {
    const home = await registryHome();
    const { token } = await home.token();
    expect(await home.cmkit(["token", "revoke", token])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "cmkit: Expected the id of a token, 16 hexadecimal digits.\n`cmkit token list` shows the ids.\n",
    });
    const unknown = await home.cmkit(["token", "revoke", "0123456789abcdef"]);
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^cmkit: There is no token 0123/) as string });
  });

  it.each([
    [["--role", "viewer"], "required option '--project <name>' not specified"],
    [["--project", "acme"], "required option '--role <role>' not specified"],
    [["--project", "acme", "--role", "admin"], "argument 'admin' is invalid. Allowed choices are viewer, operator."],
    [["--project", "", "--role", "viewer"], "Expected"],
    [["--project", "a\u0000b", "--role", "viewer"], "Expected"],
    [["--project", "acme", "--role", "viewer", "--expires", "never"], "Expected days, such as 90d"],
  ])("answers %j with bad usage", async (argv, words) => {
    const home = await registryHome();
    const { exitCode, stdout, stderr } = await home.cmkit(["token", "create", ...argv]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("takes a store and a record key instead of a cmkit.json, and refuses another key's rows", async () => {
    const home = await registryHome();
    const { dir } = home;
    const { id } = await home.token();
    const where = ["--store", "sqlite:cmkit.db", "--record-key"];
    expect((await cmkit(["token", "list", ...where, "record.key"], { cwd: dir })).stdout).toContain(id);
    const other = await cmkit(["token", "list", ...where, "cmkit.json"], { cwd: dir });
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("is not a record key") as string });
    writeFileSync(home.path("other.key"), new Uint8Array(32));
    const create = ["create", "--project", "acme", "--role", "operator"];
    for (const argv of [["list"], create, ["revoke", id]]) {
      const forged = await cmkit(["token", ...argv, ...where, "other.key"], { cwd: dir });
      expect(forged).toMatchObject({ exitCode: 1, stdout: "" });
      expect(forged.stderr).toMatch(
        /^cmkit: .*cmkit\.db was made with another record key, .*\nGive the key that it was made with\./,
      );
    }
    // Nothing was written under the other key.
    expect((await home.cmkit(["audit", "verify"])).stdout).toMatch(/^All 1 entries /);
  });

  it.each([
    [[], "Expected one of --config, --dev, and --store with --record-key."],
    [["--store", "sqlite:x.db"], "--store needs --record-key."],
    [["--config", "cmkit.json", "--store", "sqlite:x.db"], "Expected one of"],
    [["--config", "cmkit.json", "--record-key", "record.key"], "Expected one of"],
  ])("asks for one store where it is given %j", async (where, words) => {
    const { exitCode, stderr } = await cmkit(["token", "list", ...where]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).toContain("cmkit init");
  });
});

describe("--expires", () => {
  const now = Date.UTC(2026, 10, 30, 12);

  it.each([
    ["1d", "2026-12-01T12:00:00.000Z"],
    ["90d", "2027-02-28T12:00:00.000Z"],
    ["2027-01-31", "2027-01-31T00:00:00.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
  ])("takes %s", (text, expected) => {
    expect(tokenExpiry(text, now)?.toISOString()).toBe(expected);
  });

  it.each([
    "",
    "0d",
    "-1d",
    "1",
    "d",
    "1.5d",
    "999999d",
    "2026-11-30",
    "2020-01-01",
    "2027-02-29",
    "2027-13-01",
    "31-01-2027",
    "2027-1-1",
    " 1d",
  ])("does not take %j", (text) => {
    expect(tokenExpiry(text, now)).toBeUndefined();
  });
});
