import { describe, expect, it } from "vitest";

import { id, inAcme, refusal, registryDouble } from "./registry-double.ts";
import { left, rewrapDouble, rewrapped, running, target } from "./rewrap-double.ts";

const done = left(0, { state: "done" });

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
    [
      ["--from", "operator", "--to", target],
      "not-found",
      404,
      "--from operator is the `operatorCmk` in the registry's cmkit.json. If that is there, see --project and --to: `cmkit cmks list`.\n",
    ],
    [
      ["--from", id, "--stale-versions"],
      "invalid-request",
      400,
      "If --from is old, move its data keys to another key, with --to.",
    ],
    [
      ["--from", id, "--stale-versions"],
      "unsupported",
      400,
      "\n--stale-versions is for keys whose cloud names their versions. Give another key with --to.\n",
    ],
  ])("says what to do with %j", async (asked, code, status, next) => {
    const double = await registryDouble(() => refusal(status, code, "It cannot be."));
    const { stderr } = await double.cmkit(["rewrap", "--project", "acme", ...asked]);
    expect(stderr).toContain(next);
  });

  it.each([
    ["invalid-request", 400, "is another key than --from, and current, which `cmkit cmks update --status current` makes it"],
    ["key-disabled", 422, "Nothing was changed. `cmkit cmks check` of the key that data keys would move to"],
    ["access-denied", 422, "Nothing was changed."],
    ["unsupported", 400, "`cmkit cmks check` of the key of --to says what it cannot do."],
    ["forbidden", 403, "This takes a token of the role operator, and --rate one for all projects"],
    ["not-found", 404, "See --project, --from and --to: `cmkit cmks list`"],
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

  const other = "11111111-2222-4333-8444-555555555555";
  const agree =
    `cmkit: Somebody else has begun to rewrap the same data keys to ${other}.\n` +
    "Agree on one key: `cmkit cmks list` shows them. Then rewrap what is under the other one.";

  it("where somebody else rewraps the same data keys to another key is not begun again, and what is to be done is said once", async () => {
    const double = await rewrapDouble(left(1200), left(700, { to: other, state: "unfinished" }));
    const { exitCode, stdout, stderr } = await double.cmkit(rewrapped);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toBe(`${agree} Until it has ended, the server goes on rewrapping to ${target}.\n`);
    expect(double.methods()).toEqual(["POST", "GET"]);
  });

  it.each([
    ["--to", ["--to", target], target],
    ["--stale-versions", ["--stale-versions"], id],
  ])("where the first answer already is about another key calls nothing done, with %s", async (_what, asked, to) => {
    for (const state of ["running", "done"]) {
      const double = await rewrapDouble(left(0, { to: other, state }));
      const { exitCode, stdout, stderr } = await double.cmkit(["rewrap", ...inAcme, "--from", id, ...asked]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toBe(`${agree} Until it has ended, the server goes on rewrapping to ${to}.\n`);
      expect(double.methods()).toEqual(["POST"]);
    }
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
