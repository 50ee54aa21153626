import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";

import { trustWords } from "../src/records-command.ts";
import { cmkit, piped } from "./command.ts";
import { type RegistryHome, registryHome } from "./registry-home.ts";

const key = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";

/** A registry with rows of most kinds, whose record key has just been replaced. */
async function replaced(): Promise<RegistryHome> {
  const home = await registryHome();
  await home.token();
  const created = await home.cmkit(["cmks", "create", "--project", "acme", "--provider", "aws", "--resource", key]);
  expect(created.exitCode).toBe(0);
  renameSync(home.path("record.key"), home.path("old.key"));
  writeFileSync(home.path("record.key"), randomBytes(32), { mode: 0o600 });
  return home;
}

async function keyAloneFits(home: RegistryHome, name: string): Promise<boolean> {
  const where = ["--store", "sqlite:cmkit.db", "--record-key", name];
  const outcomes = [
    await cmkit(["token", "list", ...where], { cwd: home.dir }),
    await cmkit(["audit", "verify", ...where], { cwd: home.dir }),
    await cmkit(["cmks", "list", "--project", "acme", ...where], { cwd: home.dir }),
  ];
  return outcomes.every(({ exitCode }) => exitCode === 0);
}

describe("cmkit records resign", () => {
  it("tags all rows under the new key, so that the old one can go, and says how many", async () => {
    const home = await replaced();
    home.configure({ previousRecordKey: "old.key" });
    expect(await keyAloneFits(home, "record.key")).toBe(false);
    const { exitCode, stdout, stderr } = await home.cmkit(["records", "resign", "--json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      projects: 1,
      cmks: 1,
      rewraps: 0,
      balances: 0,
      data_keys: 0,
      tokens: 1,
      audit_entries: 2,
    });
    expect(await keyAloneFits(home, "record.key")).toBe(true);
    expect(await keyAloneFits(home, "old.key")).toBe(false);
    const again = await home.cmkit(["records", "resign"]);
    expect(again).toEqual({ exitCode: 0, stdout: "Every row is tagged under the new record key already.\n", stderr: "" });
  });

  it("takes both keys by their files, holds the log against a kept head, and shows how far it is on a terminal", async () => {
    const home = await replaced();
    const where = ["--store", "sqlite:cmkit.db", "--record-key", "record.key", "--previous-record-key", "old.key"];
    const wrong = `9:${Buffer.alloc(32).toString("base64url")}`;
    const refused = await cmkit(["records", "resign", ...where, "--head", wrong], { cwd: home.dir });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("(bad-record)");
    let drawn = "";
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      drawn += chunk.toString();
      done();
    };
    const terminal = Object.assign(new Writable({ write }), { isTTY: true, cursorTo: () => true, clearLine: () => true });
    const { exitCode, stdout } = await cmkit(["records", "resign", ...where], { cwd: home.dir, terminal });
    expect(exitCode).toBe(0);
    // The rest was tagged before the log was looked at.
    expect(stdout).toBe(
      "Tagged anew: projects 0, CMKs 0, rewraps 0, balances 0, data keys 0, tokens 0, audit entries 2.\nKeep the audit log's new head: `cmkit audit head`.\n",
    );
    expect(drawn).toContain("rows");
  });

  it("wants the previous key, or that its loss is said", async () => {
    const home = await replaced();
    const { exitCode, stdout, stderr } = await home.cmkit(["records", "resign"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^cmkit: The previous record key is not given\.\n.*--trust-store\.\n$/);
    expect((await home.cmkit(["records", "resign", "--previous-record-key", "old.key"])).exitCode).toBe(2);
  });

  it("with --trust-store wants words on standard input, and then takes the rows as they are", async () => {
    const home = await replaced();
    rmSync(home.path("old.key"));
    for (const typed of ["", "yes\n", `${trustWords.toUpperCase()}\n`]) {
      const refused = await home.cmkit(["records", "resign", "--trust-store"], { stdin: piped(typed) });
      expect(refused).toEqual({
        exitCode: 1,
        stdout: "",
        stderr: `cmkit: Nothing was changed.\n--trust-store wants the words "${trustWords}" on standard input.\n`,
      });
    }
    expect(await keyAloneFits(home, "record.key")).toBe(false);
    const typed = await home.cmkit(["records", "resign", "--trust-store"], { stdin: piped(`${trustWords}\n`, "more") });
    expect(typed.exitCode).toBe(0);
    expect(await keyAloneFits(home, "record.key")).toBe(true);
    const audit = JSON.parse((await home.cmkit(["audit", "list", "--json"])).stdout) as { action: string; details: object }[];
    expect(audit.at(-1)).toMatchObject({ action: "records.resign", actor: "cli:ada", details: { trustStore: true } });
  });

  it("interrupted, says that it can be run again", async () => {
    const home = await replaced();
    home.configure({ previousRecordKey: "old.key" });
    const { exitCode, stderr } = await home.cmkit(["records", "resign"], { untilAskedToEnd: async () => {} });
    expect(exitCode).toBe(1);
    expect(stderr).toBe("cmkit: Interrupted.\nRun it again to go on: what is done is done.\n");
    expect((await home.cmkit(["records", "resign"])).exitCode).toBe(0);
  });
});
