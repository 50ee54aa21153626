import { describe, expect, it } from "vitest";

import { type Answer, answering, cmk, id, inAcme, named, refusal, registryDouble } from "./registry-double.ts";

const since = "2026-05-06T10:00:00.000Z";
const checkedAt = "2026-05-06T11:00:00.000Z";
const good = { phase: "done", code: "ok", message: "Everything works.", since, checked_at: checkedAt };
const denied = { phase: "unwrap", code: "access-denied", message: "We may not unwrap.", since, checked_at: checkedAt };
const grant = { form: "aws-key-policy", title: "Key policy: a statement", language: "json", text: '[\n  {"Sid": "A"}\n]\n' };
const missing = {
  permission: "kms:Decrypt",
  grants: [grant, { ...grant, form: "aws-cli", title: "AWS CLI", language: "sh", text: "aws kms …" }],
};
const lint = { code: "rotation-off", severity: "notice", message: "The key is never rotated: turn it on." };

function checked(validation: typeof good, more: Readonly<Record<string, unknown>> = {}): Answer {
  return { json: { cmk: { ...cmk, validation }, missing: null, lints: [], ...more } };
}

describe("cmkit cmks check", () => {
  it("prints how it ended, and exits with 0 when everything works", async () => {
    const double = await answering(checked(good));
    const { exitCode, stdout, stderr } = await double.cmkit(["cmks", "check", ...named]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^property +value\n=+ +=+\nid +5e6f2f0c/);
    expect(stdout).toMatch(
      /\nphase +done\ncode +ok\nsince +2026-05-06T10:00:00\.000Z\nchecked_at +2026-05-06T11:00:00\.000Z\n\nEverything works\.\n$/,
    );
    expect(double.asked).toMatchObject([{ method: "POST", path: `/v1/project/acme/secrets/cmks/${id}/access_check`, body: "" }]);
  });

  it("prints what is missing with the exact grants, and what is worth knowing, and exits with 1", async () => {
    const double = await answering(checked(denied, { missing, lints: [lint] }));
    const { exitCode, stdout, stderr } = await double.cmkit(["cmks", "check", ...named]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout.slice(stdout.indexOf("\nphase"))).toBe(`
phase        unwrap
code         access-denied
since        ${since}
checked_at   ${checkedAt}

We may not unwrap.

Missing: kms:Decrypt. To add it:
ONE of these is enough, whose title fits: aws-key-policy, aws-cli.

Key policy: a statement

[
  {"Sid": "A"}
]

AWS CLI

aws kms …

notice  rotation-off  The key is never rotated: turn it on.
`);
  });

  it("prints all of it with --json, and whether it passed", async () => {
    const failed = await answering(checked(denied, { missing, lints: [lint] }));
    const outcome = await failed.cmkit(["cmks", "check", ...named, "--json"]);
    expect(outcome.exitCode).toBe(1);
    const expected = { project: "acme", passed: false, cmk: { ...cmk, validation: denied }, missing, lints: [lint] };
    expect(JSON.parse(outcome.stdout)).toEqual(expected);
    const passed = await (await answering(checked(good))).cmkit(["cmks", "check", ...named, "--json"]);
    expect(JSON.parse(passed.stdout)).toMatchObject({ passed: true, missing: null, lints: [] });
  });

  it.each([
    ["no validation", { json: { cmk } }],
    ["a code that is none", checked({ ...denied, code: "<b>" })],
    ["a grant that is none", checked(denied, { missing: { permission: "p", grants: [{ ...grant, text: 1 }] } })],
    ["a lint that is none", checked(good, { lints: ["x"] })],
  ])("refuses an answer with %s", async (_name, answer) => {
    const { exitCode, stdout, stderr } = await (await answering(answer)).cmkit(["cmks", "check", ...named]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("does not answer as a registry does");
  });

  it("keeps every line of a grant, and what a terminal would obey visible", async () => {
    const hostile = { ...missing, grants: [{ ...grant, text: "one\n\ttwo\u001b[2J\n\n" }] };
    const { stdout } = await (await answering(checked(denied, { missing: hostile }))).cmkit(["cmks", "check", ...named]);
    expect(stdout).toContain("\none\n\\u{0009}two\\u{001b}[2J\n");
  });
});

describe("cmkit cmks check --all", () => {
  const other = { ...cmk, id: id.replace("5", "6"), resource: "another" };

  it("checks every key of every project, one after the other, and says what to do for each", async () => {
    let running = 0;
    const double = await registryDouble(({ path }) => {
      running += 1;
      if (path === "/v1/project") return { json: { projects: [{ project_name: "acme" }, { project_name: "b c" }] } };
      if (path.endsWith("/cmks")) return { json: { cmks: path.includes("acme") ? [cmk, other] : [cmk] } };
      if (path.includes("/b%20c/")) return checked(denied, { missing });
      return checked(good, path.includes(other.id) ? { lints: [lint] } : {});
    });
    const { exitCode, stdout } = await double.cmkit(["cmks", "check", "--all"]);
    expect(exitCode).toBe(1);
    expect(running).toBe(6);
    const [table = "", ...details] = stdout.split("\n\n");
    expect(table.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["project", "id", "provider", "phase", "code"],
      [expect.stringMatching(/^=+$/), expect.any(String), expect.any(String), expect.any(String), expect.any(String)],
      ["acme", id, "aws", "done", "ok"],
      ["acme", id, "aws", "done", "ok"],
      ["b c", id, "aws", "unwrap", "access-denied"],
    ]);
    expect(details[0]).toBe(`acme, ${id}: aws ${cmk.resource}\nEverything works.`);
    expect(details[1]).toMatch(/^notice {2}rotation-off/);
    expect(stdout).toContain(`\nb c, ${id}: aws ${cmk.resource}\nWe may not unwrap.\n\nMissing: kms:Decrypt.`);
  });

  it("checks one project's keys with --project, and prints a JSON array", async () => {
    const double = await registryDouble(({ path }) =>
      path.endsWith("/cmks") ? { json: { cmks: [cmk, other] } } : checked(good),
    );
    const { exitCode, stdout } = await double.cmkit(["cmks", "check", "--all", ...inAcme, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { project: "acme", passed: true },
      { project: "acme", passed: true },
    ]);
    expect(double.asked.map(({ path }) => path)).not.toContain("/v1/project");
  });

  it("passes over a key that was deleted in between, and over no other refusal", async () => {
    const answers = new Map([
      [cmk.id, refusal(404, "not-found", "No such key.")],
      [other.id, checked(good)],
    ]);
    const double = await registryDouble(({ path }) => answers.get(path.split("/")[6] ?? "") ?? { json: { cmks: [cmk, other] } });
    const { exitCode, stdout } = await double.cmkit(["cmks", "check", "--all", ...inAcme, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1);
    answers.set(cmk.id, refusal(503, "store-unavailable", "It is not there."));
    const outcome = await double.cmkit(["cmks", "check", "--all", ...inAcme]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toContain("It is not there (store-unavailable).");
  });

  it("passes where there is no key", async () => {
    const { exitCode, stdout } = await (await answering({ json: { projects: [] } })).cmkit(["cmks", "check", "--all", "--json"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "[]\n" });
  });
});
