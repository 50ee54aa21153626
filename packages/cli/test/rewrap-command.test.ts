import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";
import { id, inAcme, refusal, registryDouble } from "./registry-double.ts";
import { left, rewrapDouble, rewrapped, running, target } from "./rewrap-double.ts";

const done = left(0, { state: "done" });
const path = `/v1/project/acme/secrets/cmks/${id}/rewrap`;

describe("cmkit rewrap", () => {
  it("begins, asks until it is done, and says what proves it", async () => {
    const double = await rewrapDouble(left(1200), left(700), done);
    const { exitCode, stdout, stderr } = await double.cmkit(rewrapped);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(
      `done: 1,200 data keys rewrapped from ${id} to ${target}.\n` +
        `No data key of project acme is left under ${id}.\n` +
        `To prove it, and to learn when the key may be destroyed: cmkit retire --url ${double.url} --project acme --cmk-id ${id}\n`,
    );
    expect(double.asked.map(({ method, path: asked, body }) => [method, asked, body])).toEqual([
      ["POST", path, JSON.stringify({ to: target })],
      ["GET", path, ""],
      ["GET", path, ""],
    ]);
  });

  it("hands on how fast it may be", async () => {
    const double = await rewrapDouble(done);
    await double.cmkit([...rewrapped, "--rate", "100/s", "--concurrency", "1000"]);
    await double.cmkit([...rewrapped, "--rate", "7"]);
    expect(double.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { to: target, requests_per_second: 100, concurrency: 1000 },
      { to: target, requests_per_second: 7 },
    ]);
  });

  it("moves data keys to the current version of their key, and retires nothing then", async () => {
    const double = await rewrapDouble(left(0, { state: "done", to: id }));
    const { stdout } = await double.cmkit(["rewrap", ...inAcme, "--from", id.toUpperCase(), "--stale-versions"]);
    expect(stdout).toBe(
      `done: 1,200 data keys rewrapped to the current version of ${id}.\n` +
        `No data key of project acme is left under an older version of ${id}.\n`,
    );
    expect(double.asked).toMatchObject([{ method: "POST", path, body: JSON.stringify({ stale_versions: true }) }]);
  });

  it("moves data keys away from the operator's own key", async () => {
    const double = await rewrapDouble(left(0, { state: "done", from: "operator", data_keys: 0, rewrapped: 0 }));
    const { stdout } = await double.cmkit(["rewrap", ...inAcme, "--from", "operator", "--to", target]);
    expect(stdout).toMatch(
      /^done: there was no data key to rewrap from the operator's key to .*\.\nNo data key of project acme is left under the operator's key\.\n$/,
    );
    expect(double.asked).toMatchObject([{ path: path.replace(id, "operator") }]);
  });

  it("counts and changes nothing with --dry-run", async () => {
    const double = await rewrapDouble(left(1, { state: "unfinished" }));
    const { exitCode, stdout } = await double.cmkit([...rewrapped, "--dry-run"]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `1 data key would be rewrapped from ${id} to ${target}. Nothing was changed.\n`,
    });
    expect(double.asked).toMatchObject([{ method: "POST", body: JSON.stringify({ to: target, dry_run: true }) }]);
  });

  it("prints what the registry said with --json, and nothing else", async () => {
    const double = await rewrapDouble(left(1200), ...Array.from({ length: 30 }, () => left(600)), done);
    const { exitCode, stdout, stderr } = await double.cmkit([...rewrapped, "--json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ ...running, state: "done", remaining: 0, rewrapped: 1200 });
  });

  it("says every few seconds how far it is, where there is no terminal", async () => {
    const double = await rewrapDouble(left(1200), ...Array.from({ length: 24 }, (_, i) => left(1100 - i)), done);
    const { stderr } = await double.cmkit(rewrapped);
    expect(stderr).toBe("109 of 1,200 data keys rewrapped\n119 of 1,200 data keys rewrapped\n");
  });

  it("draws a bar on a terminal, and takes it away", async () => {
    const double = await rewrapDouble(left(1200), left(300, { failed: [{ code: "throttled", count: 2 }] }), done);
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 200,
      cursorTo: () => true,
      moveCursor: () => true,
      clearLine: () => true,
    });
    let drawn = "";
    terminal.on("data", (bytes: Buffer) => (drawn += bytes.toString()));
    const { exitCode, stderr } = await double.cmkit(rewrapped, { terminal });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(drawn).toContain("0%  0 of 1200 data keys");
  });
});

describe("a rewrap that leaves data keys behind", () => {
  const failed = [
    { code: "decrypt-failed", count: 2 },
    { code: "key-disabled", count: 101 },
  ];
  const ids = Array.from({ length: 100 }, (_, i) => `id-${i}`);

  it("exits with 1, and says how many, which, and what to do", async () => {
    const double = await rewrapDouble(left(103, { state: "partial", failed, failed_ids: ids }));
    const { exitCode, stdout, stderr } = await double.cmkit(rewrapped);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toContain(`partial: 1,097 of 1,200 data keys rewrapped from ${id} to ${target}; 103 left.\n\ncode `);
    expect(stdout).toMatch(/\ndecrypt-failed +2\nkey-disabled +101\n\nThe first 100 of them, by their ids:\n {2}id-0\n/);
    expect(stdout).toMatch(
      /\n {2}id-99\n\ndecrypt-failed: .*`cmkit audit verify`.*\nkey-disabled: `cmkit cmks check` of both keys/,
    );
    expect(stdout).toMatch(
      new RegExp(`\\nThen go on: cmkit rewrap --url ${double.url} --project acme --from ${id} --to ${target}\\n$`),
    );
    expect(stdout).not.toContain("retire");
  });

  it("says why it stopped before all had been tried", async () => {
    const double = await rewrapDouble(left(1200, { state: "partial", stopped: "throttled" }));
    const { exitCode, stdout } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("It stopped before it had tried all of them: everything failed with throttled.\n");
    expect(stdout).toContain("throttled: It may pass: go on later, perhaps with a lower --rate.\n");
  });

  it("has an advice for a code that it does not know, too", async () => {
    const double = await rewrapDouble(
      left(1, { state: "partial", failed: [{ code: "brand-new", count: 1 }], failed_ids: ["A"] }),
    );
    const { stdout } = await double.cmkit(rewrapped);
    expect(stdout).toContain("\nTheir ids:\n  A\n\nbrand-new: docs/errors.md says what brand-new means.\n");
  });

  it("prints it as JSON", async () => {
    const double = await rewrapDouble(left(103, { state: "partial", failed, failed_ids: ids, stopped: "key-disabled" }));
    const { exitCode, stdout } = await double.cmkit([...rewrapped, "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ state: "partial", failed, failed_ids: ids, stopped: "key-disabled" });
  });
});

describe("a server that is started anew while a rewrap runs", () => {
  const loadBalancer = { status: 502, text: "<html>bad gateway" };
  const starting = refusal(503, "store-unavailable", "The store is away.");

  it("is asked until it is back, and told to go on; all is counted from the beginning", async () => {
    const back = left(500, { state: "unfinished" });
    const again = left(500, { data_keys: 500, rewrapped: 0, started_at: "2026-05-05T11:00:00.000Z" });
    const running12 = Array.from({ length: 12 }, () => left(600));
    const double = await rewrapDouble(
      left(1200),
      ...running12,
      loadBalancer,
      starting,
      back,
      again,
      left(0, { state: "done", data_keys: 500, rewrapped: 500 }),
    );
    const { exitCode, stdout } = await double.cmkit([...rewrapped, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ data_keys: 1200, rewrapped: 1200, started_at: running.started_at });
    expect(double.methods().join(" ")).toBe(`POST ${"GET ".repeat(15)}POST GET`);
  });

  it("may be another one behind the same address: it is not told to go on at once, and not more than once in a while", async () => {
    const elsewhere = Array.from({ length: 30 }, (_, i) => left(1000 - i, { state: i % 2 === 0 ? "running" : "unfinished" }));
    const double = await rewrapDouble(left(1200), ...elsewhere, done);
    expect((await double.cmkit(rewrapped)).exitCode).toBe(0);
    const posts = double.methods().flatMap((method, at) => (method === "POST" ? [at] : []));
    expect(posts[1]).toBeGreaterThanOrEqual(10);
    expect((posts[2] ?? 99) - (posts[1] ?? 0)).toBeGreaterThanOrEqual(10);
  });

  it("that does not come back is given up after two minutes, with the command that goes on", async () => {
    const double = await rewrapDouble(left(1200), left(700), loadBalancer);
    const { exitCode, stdout, stderr } = await double.cmkit(rewrapped);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^(?:no answer, trying again\n){20,25}cmkit: .* answers with status 502, but not as a registry does\.\n/,
    );
    expect(stderr).toMatch(/\nWhat was rewrapped stays so\. To go on: cmkit rewrap --url .* --from .*\n$/);
  });

  it("that never gets further is given up, too", async () => {
    const double = await rewrapDouble(left(1200), left(1200, { state: "unfinished" }));
    const { exitCode, stderr } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/cmkit: The rewrap was begun again for two minutes, and no data key was rewrapped\.\nSee the log/);
    const begun = double.methods().filter((method) => method === "POST").length;
    expect(begun).toBeGreaterThan(5);
    expect(begun).toBeLessThan(30);
  });

  it("is not waited for where nothing has begun", async () => {
    const double = await rewrapDouble(starting);
    expect((await double.cmkit(rewrapped)).stderr).toBe(
      "cmkit: The store is away (store-unavailable).\nTry again. If it goes on, see that the registry's database runs.\n",
    );
    expect(double.methods()).toEqual(["POST"]);
  });
});

describe("a rewrap that is refused", () => {
  it.each([
    ["invalid-request", 400, "is another key of the project than --from, and current"],
    ["key-disabled", 422, "Nothing was changed. `cmkit cmks check` of the key that data keys would move to"],
    ["access-denied", 422, "Nothing was changed."],
    ["unsupported", 400, "--stale-versions is for keys whose cloud names their versions."],
    ["forbidden", 403, "This takes a token of the role operator"],
    ["not-found", 404, "`cmkit cmks list` prints its keys"],
  ])("says what to do: %s", async (code, status, next) => {
    for (const more of [[], ["--dry-run"]]) {
      const double = await registryDouble(() => refusal(status, code, "It cannot be."));
      const { exitCode, stdout, stderr } = await double.cmkit([...rewrapped, ...more]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^cmkit: It cannot be \\(${code}\\)\\.\n.*\n$`));
      expect(stderr).toContain(next);
    }
  });

  it("half-way says that nothing is lost", async () => {
    const double = await rewrapDouble(left(1200), refusal(401, "unauthenticated", "The token is revoked."));
    const { exitCode, stderr } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\(unauthenticated\)\.\nSet CMKIT_TOKEN .*\nWhat was rewrapped stays so\. To go on: cmkit rewrap /);
  });

  it("where somebody else rewraps the same data keys to another key is not begun again", async () => {
    const other = "11111111-2222-4333-8444-555555555555";
    const double = await rewrapDouble(left(1200), left(700, { to: other, state: "unfinished" }));
    const { exitCode, stderr } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`cmkit: Somebody else has begun to rewrap the same data keys to ${other}.\nAgree on one key`);
    expect(double.methods()).toEqual(["POST", "GET"]);
  });

  it.each([
    ["no rewrap", {}],
    ["a state of its own", { rewrap: { ...running, state: "paused" } }],
    ["a count that is none", { rewrap: { ...running, remaining: -1 } }],
    ["a name for an id", { rewrap: { ...running, to: "\u001b[2J" } }],
  ])("by what answers with %s is no registry's", async (_what, json) => {
    const double = await registryDouble(() => ({ json }));
    const { exitCode, stderr } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/does not answer as a registry does: \w/);
    expect(stderr).not.toContain("\u001b");
  });
});

describe("Ctrl-C", () => {
  it("ends the watching: the server goes on", async () => {
    const asked = Promise.withResolvers<void>();
    const double = await registryDouble(({ method }) => {
      if (method === "GET") asked.resolve();
      return left(method === "POST" ? 1200 : 700);
    });
    const { exitCode, stdout, stderr } = await double.cmkit([...rewrapped, "--rate", "5/s", "--concurrency", "2"], {
      untilAskedToEnd: async () => asked.promise.then(async () => new Promise((resolve) => setImmediate(resolve))),
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^cmkit: Interrupted: at most (?:1,200|700) of 1,200 data keys are left\.\n/);
    const again = `cmkit rewrap --url ${double.url} --project acme --from ${id} --to ${target} --rate 5/s --concurrency 2\n`;
    expect(stderr).toContain(`\nThe server goes on with it. To watch it again: ${again}`);
  });

  it("while nothing has been answered says how to go on, too", async () => {
    const double = await rewrapDouble(left(1200));
    const project = ["--project", "it's acme"];
    const argv = ["rewrap", ...project, "--from", id, "--stale-versions"];
    const { exitCode, stderr } = await double.cmkit(argv, { untilAskedToEnd: async () => undefined });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cmkit: Interrupted.\nThe server goes on with it.");
    expect(stderr).toContain(String.raw` --project 'it'\''s acme' --from ${id} --stale-versions`);
  });
});

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
    [["rewrap", ...inAcme, "--from", id, "--to", "operator"], "expected --to to be a key's id in `cmkit cmks list`"],
    [["rewrap", "--project", "..", "--from", id, "--to", target], "Expected the name of a project."],
    [[...rewrapped, "--rate", "0/s"], "Expected requests a second, such as 100/s."],
    [[...rewrapped, "--rate", "5/m"], "Expected requests a second, such as 100/s."],
    [[...rewrapped, "--rate", "1e3"], "Expected requests a second, such as 100/s."],
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
