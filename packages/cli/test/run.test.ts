import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";

const commands = ["inspect", "seal", "open", "init", "serve", "token", "audit", "records", "dev", "doctor"];

describe("cmkit", () => {
  it("prints its version alone", async () => {
    const { exitCode, stdout, stderr } = await cmkit(["--version"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([["help"], ["--help"], ["-h"]])("lists its commands on stdout for %s", async (argument) => {
    const { exitCode, stdout, stderr } = await cmkit([argument]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(stdout).toContain("0 done, 1 refused, 2 bad usage");
  });

  it.each(commands)("has a help text with examples for %s, in both spellings and within 100 columns", async (command) => {
    const long = await cmkit([command, "--help"]);
    expect(long.exitCode).toBe(0);
    expect(long.stdout).toContain("Examples:\n  ");
    expect(long.stdout).toContain(`cmkit ${command}`);
    expect(long.stdout).toContain("--json");
    expect(Math.max(...long.stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(await cmkit(["help", command])).toEqual(long);
  });

  it.each([
    ["token", "create"],
    ["token", "list"],
    ["token", "revoke"],
    ["audit", "list"],
    ["audit", "verify"],
    ["audit", "head"],
    ["audit", "export"],
    ["records", "resign"],
  ])("has a help text with examples for %s %s, in both spellings and within 100 columns", async (group, command) => {
    const long = await cmkit([group, command, "--help"]);
    expect(long.exitCode).toBe(0);
    expect(long.stdout).toContain(`Examples:\n  `);
    expect(long.stdout).toContain(`cmkit ${group} ${command}`);
    expect(long.stdout).toContain("--record-key <file>");
    expect(Math.max(...long.stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(await cmkit(["help", group, command])).toEqual(long);
  });

  it("runs nothing for help of what is no command of a group", async () => {
    const unknown = await cmkit(["help", "token", "creat"]);
    expect(unknown).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringContaining("(Did you mean create?)") as string,
    });
    expect((await cmkit(["help", "inspect", "cmk1.AAAA"])).stdout).toMatch(/^Usage: cmkit inspect /);
  });

  it("without a command prints the help on stderr and exits with 2", async () => {
    const { exitCode, stdout, stderr } = await cmkit([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("Usage: cmkit");
  });

  it.each([
    [["inspct", "x"], "unknown command 'inspct'", "(Did you mean inspect?)"],
    [["help", "docter"], "unknown command 'docter'", "(Did you mean doctor?)"],
    [["dev", "--prot", "3"], "unknown option '--prot'", "(Did you mean --port?)"],
    [["doctor", "--jsno"], "unknown option '--jsno'", "(Did you mean --json?)"],
    [["frobnicate"], "unknown command 'frobnicate'", "See `cmkit --help`."],
    [["cmks", "list", "--projct", "acme"], "unknown option '--projct'", "See `cmkit cmks list --help`."],
    [["dev", "elsewhere"], "too many arguments", "See `cmkit dev --help`."],
    [["dev", "--port"], "option '--port <n>' argument missing", "See `cmkit dev --help`."],
    [["dev", "--port", "65536"], "Expected a whole number from 0 to 65530.", "See `cmkit dev --help`."],
    [["dev", "--port", "1e3"], "Expected a whole number from 0 to 65530.", "See `cmkit dev --help`."],
  ])("answers %j with 2 and two lines: what is wrong and what to do", async (argv, what, next) => {
    const { exitCode, stdout, stderr } = await cmkit(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^cmkit: /);
    expect(lines[0]).toContain(what);
    expect(lines[1]).toBe(next);
  });

  it("tells an error that it does not know in one line, without a stack trace", async () => {
    const findPackage = async (): Promise<never> => {
      throw new Error("the disk is gone");
    };
    const { exitCode, stdout, stderr } = await cmkit(["doctor"], { findPackage });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toBe("cmkit: failed in a way that is not known: the disk is gone\n");
  });
});
