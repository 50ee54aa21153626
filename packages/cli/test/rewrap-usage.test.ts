import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";
import { id, inAcme, registryDouble } from "./registry-double.ts";
import { left, rewrapped, target } from "./rewrap-double.ts";

describe("bad usage", () => {
  const file = ["--keys", "f.keys", "--record-key", "record.key"];
  const keys = ["--from", "aws:a", "--to", "gcp:b"];
  it.each([
    [["rewrap", ...inAcme, "--to", target], "required option '--from <key>' not specified"],
    [["rewrap", ...inAcme, "--from", id], "expected --to, the key that data keys move to; or --stale-versions"],
    [[...rewrapped, "--stale-versions"], "expected either --to or --stale-versions"],
    [["rewrap", "--from", id, "--to", target], "expected --project, whose data keys they are; or --keys"],
    [["rewrap", ...inAcme, "--from", id, "--to", id], "expected another key for --to than for --from"],
    [["rewrap", ...inAcme, "--from", id, "--to", id.toUpperCase()], "expected another key for --to than for --from"],
    [
      ["rewrap", ...inAcme, "--from", "aws:arn", "--to", target],
      "expected --from to be a key's id in `cmkit cmks list`, or operator",
    ],
    [["rewrap", ...inAcme, "--from", "operator", "--stale-versions"], "expected --to, not --stale-versions"],
    [["rewrap", ...inAcme, "--from", id, "--to", "operator"], "expected --to to be a key's id in `cmkit cmks list`"],
    [["rewrap", "--project", "..", "--from", id, "--to", target], "Expected the name of a project."],
    [[...rewrapped, "--rate", "0/s"], "Expected requests a second, such as 100/s, "],
    [[...rewrapped, "--rate", "5/m"], "Expected requests a second, such as 100/s, "],
    [[...rewrapped, "--rate", "1000001/s"], "such as 100/s, from 1 to 1,000,000."],
    [[...rewrapped, "--rate", "1e3"], "Expected requests a second, such as 100/s, "],
    [[...rewrapped, "--concurrency", "1001"], "Expected a whole number from 1 to 1000."],
    [["rewrap", ...file, ...keys, ...inAcme], "expected either --keys, for a file that is in no registry, or --project."],
    [["rewrap", ...file, ...keys, "--config", "cmkit.json"], "or --config."],
    [["rewrap", ...file, "--from", "aws:a"], "expected --to"],
    [["rewrap", ...file, ...keys, "--stale-versions"], "expected either --to or --stale-versions"],
  ])("is %j, answered with 2 and nothing sent", async (argv, what) => {
    const double = await registryDouble(() => left(0));
    const given = { env: { CMKIT_URL: double.url, CMKIT_TOKEN: "t" } };
    const { exitCode, stdout, stderr } = await cmkit(argv, given);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^cmkit: /);
    expect(stderr).toContain(what);
    expect(stderr).toContain("`cmkit rewrap --help`");
    expect(double.asked).toEqual([]);
  });
});

describe("help", () => {
  it.each(["rewrap", "retire"])("has examples for %s, within 100 columns, and says how to reach a registry", async (command) => {
    const { exitCode, stdout } = await cmkit([command, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\nExamples:\n  cmkit ${command} `);
    for (const option of ["--config", "--json", "--project"]) expect(stdout).toContain(option);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  });
});
