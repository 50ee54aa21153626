import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";

import { id, inAcme } from "./registry-double.ts";
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
    expect(drawn).toContain("0%  0 of 1,200 data keys");
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
    expect(stdout).toMatch(/^The first 100 of the data keys that failed, by their ids:\n {2}id-0\n/);
    expect(stdout).toMatch(/\n {2}id-99\n\npartial: /);
    expect(stdout).toMatch(
      /\ndecrypt-failed +2\nkey-disabled +101\n\ndecrypt-failed: .*`cmkit audit verify`.*\nkey-disabled: `cmkit cmks check` of both keys/,
    );
    expect(stdout).toMatch(
      new RegExp(`\\nThen go on: cmkit rewrap --url ${double.url} --project acme --from ${id} --to ${target}\\n$`),
    );
    expect(stdout).not.toContain("retire");
  });

  it("says why it gave up, and how many it had not tried by then", async () => {
    const double = await rewrapDouble(left(1200, { state: "partial", stopped: "throttled" }));
    const { exitCode, stdout } = await double.cmkit(rewrapped);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("It gave up: in the end everything failed with throttled, so 1,200 of them were not tried.\n");
    expect(stdout).toContain("throttled: It may pass: go on later, perhaps with a lower --rate.\n");
  });

  it("says how many it did not try", async () => {
    const double = await rewrapDouble(left(1200, { state: "partial", failed, failed_ids: ids }));
    expect((await double.cmkit(rewrapped)).stdout).toContain(
      "; 1,200 left.\n1,097 of them were not tried, as all that were tried failed.\n",
    );
  });

  it("has an advice for a code that it does not know, too", async () => {
    const double = await rewrapDouble(
      left(1, { state: "partial", failed: [{ code: "brand-new", count: 1 }], failed_ids: ["A"] }),
    );
    const { stdout } = await double.cmkit(rewrapped);
    expect(stdout).toMatch(/^The data keys that failed, by their ids:\n {2}A\n\npartial: /);
    expect(stdout).toContain("\nbrand-new: docs/errors.md says what brand-new means.\n");
  });

  it("prints it as JSON", async () => {
    const double = await rewrapDouble(left(103, { state: "partial", failed, failed_ids: ids, stopped: "key-disabled" }));
    const { exitCode, stdout } = await double.cmkit([...rewrapped, "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ state: "partial", failed, failed_ids: ids, stopped: "key-disabled" });
  });
});
