import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { piped } from "./command.ts";
import { usual, workshop } from "./workshop.ts";

const header = "id,email,phone\n";

describe("bad rows", () => {
  it.each([
    ["in.csv", `${header}1,a,b\n2,secret\n`, "row 2 (line 3): expected 3 cells, as the header has, got 2"],
    ["in.csv", `${header}1,secret" x,b\n`, "row 1 (line 2): a quote is out of place or not closed"],
    ["in.csv", `${header}1,"a\nb",\n2,"secret`, "row 2 (line 4): a quote is out of place or not closed"],
    ["in.csv", `${header},secret,b\n`, "row 1 (line 2): id: expected a row id, got none"],
    ["in.csv", Buffer.from(`${header}1,secret\xfc,b\n`, "latin1"), "row 1 (line 2): not valid UTF-8"],
    ["in.jsonl", '{"id":1,"email":"a","phone":1}\n\n{"id":2,"email":"secret"\n', "row 2 (line 3): not JSON"],
    ["in.jsonl", '{"id":1,"email":"secret\\ud800"}\n', "row 1: field email: expected well-formed text, got a lone surrogate"],
    [
      "in.jsonl",
      '{"id":1,"email":{"secret":1e400}}\n',
      "row 1: email: holds a number that JavaScript cannot hold exactly; make it a text",
    ],
    ["in.jsonl", Buffer.from('{"id":1,"email":"secret\xfc"}\n', "latin1"), "row 1: not valid UTF-8"],
    [
      "in.jsonl",
      '{"id":"secret\\ud800","email":"a"}\n',
      "row 1: expected a text of 1 to 512 characters, a whole number or a bigint as column id, got string",
    ],
  ])("of %s stop the run at the first, with its number and without what it holds: %j", async (name, content, reason) => {
    const shop = await workshop();
    shop.write(name, content);
    const { exitCode, stderr, stdout } = await shop.seal("--in", name, "--out", "out");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    const [what = "", next] = stderr.split("\n");
    expect(what).toBe(`cmkit: ${reason}.`);
    expect(next).toBe("Mend it, or leave such rows out with --skip-bad.");
    expect(stderr).not.toContain("secret");
    expect(readdirSync(shop.dir).filter((file) => file.startsWith("out") && file !== "out.keys")).toEqual([]);
  });

  it("are left out and listed with --skip-bad, which ends with 1 and the others in place", async () => {
    const shop = await workshop();
    const rows = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? `${i},a,b\n` : `${i},secret\n`));
    shop.write("in.csv", `${header}${rows.join("")}`);
    const { exitCode, stderr } = await shop.seal("--in", "in.csv", "--out", "out", "--skip-bad");
    expect(exitCode).toBe(1);
    const lines = stderr.trim().split("\n");
    expect(lines[0]).toBe("row 2 (line 3): expected 3 cells, as the header has, got 2");
    expect(lines[19]).toBe("row 40 (line 41): expected 3 cells, as the header has, got 2");
    expect(lines[20]).toBe("and 10 rows more");
    expect(lines[21]).toMatch(/^sealed 30 rows \(60 values\) in .*; 30 rows left out; keys: out\.keys$/);
    expect(shop.read("out").split("\n")).toHaveLength(32);
    expect(await shop.open("--in", "out", "--out", "opened")).toMatchObject({ exitCode: 0 });
    const json = await shop.seal("--in", "in.csv", "--out", "out2", "--skip-bad", "--json");
    expect(json.exitCode).toBe(1);
    const summary = JSON.parse(json.stderr) as { leftOut: number; firstLeftOut: readonly unknown[] };
    expect(summary).toMatchObject({ rows: 30, leftOut: 30 });
    expect(summary.firstLeftOut[0]).toEqual({ row: 2, line: 3, reason: "expected 3 cells, as the header has, got 2" });
    expect(summary.firstLeftOut).toHaveLength(20);
  });

  it("are those that are sealed already: two keys files would be needed; text that merely looks so is text", async () => {
    const shop = await workshop();
    shop.write("in.csv", `${header}1,a,cmk1.AAAA\n2,b,\n`);
    expect(await shop.seal("--in", "in.csv", "--out", "out")).toMatchObject({ exitCode: 0 });
    const { exitCode, stderr } = await shop.seal("--in", "out", "--out", "twice");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: row 1 \(line 2\): email: is sealed already; open the file first\.\n/);
    expect(existsSync(shop.path("twice"))).toBe(false);
    expect(await shop.open("--in", "out", "--out", "opened")).toMatchObject({ exitCode: 0 });
    expect(shop.read("opened")).toBe(shop.read("in.csv"));
  });

  it("are counted across batches, whatever lies between", async () => {
    const shop = await workshop();
    const line = (id: number): string => `{"id":${id},"email":"${"x".repeat(1000)}","phone":"p"}\n`;
    const lines = Array.from({ length: 300 }, (_, i) => (i === 250 ? "broken\n" : line(i)));
    const { exitCode, stderr } = await shop.cmkit(["seal", ...usual, "--keys", "k"], {
      stdin: piped(...lines.slice(0, 7), "\n", lines.slice(7).join("")),
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: row 251 \(line 252\): not JSON\.\n/);
  });

  it("may be longer than 16 MiB: a line of JSON is passed over, CSV ends there", async () => {
    const shop = await workshop();
    async function* withLongRow(before: string, after: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(before);
      const chunk = Buffer.alloc(1024 * 1024, "x");
      for (let i = 0; i < 100; i += 1) yield chunk;
      yield Buffer.from(after);
    }
    const lines = withLongRow('{"id":1,"email":"a","phone":"b"}\n{"id":2,"email":"', '"}\n{"id":3,"email":"c"}\n');
    const json = await shop.cmkit(["seal", ...usual, "--keys", "k", "--skip-bad"], { stdin: lines });
    expect(json.exitCode).toBe(1);
    expect(json.stderr).toMatch(/^row 2: longer than 16 MiB, or a quote is not closed\nsealed 2 rows \(3 values\) /);
    expect(json.stdout).toMatch(/^\{"id":1,[^\n]*\}\n\{"id":3,[^\n]*\}\n$/);
    const csv = withLongRow(`${header}1,a,b\n2,"`, '"\n3,c,d\n');
    const stopped = await shop.cmkit(["seal", ...usual, "--keys", "k", "--skip-bad"], { stdin: csv });
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stderr).toMatch(/^cmkit: row 2 \(line 3\): longer than 16 MiB, or a quote is not closed\.\n/);
  });
});

describe("rows that do not open", () => {
  async function sealed() {
    const shop = await workshop();
    shop.write("in.csv", `${header}1,ada@example.com,+44\n2,secret,\n`);
    await shop.seal("--in", "in.csv", "--out", "sealed");
    return shop;
  }

  it("are bad rows: what is not sealed, cut or changed is told apart, and the others open with --skip-bad", async () => {
    const shop = await sealed();
    const [, one = ""] = shop.read("sealed").split("\n");
    const [, email = "", phone = ""] = one.split(",");
    const changed = `${email.slice(0, -9)}${email.at(-9) === "A" ? "B" : "A"}${email.slice(-8)}`;
    shop.write("mixed", `${header}1,${email},plain\n1,${email.slice(0, 20)},\n1,${changed},\n1,"",\n1,${email},${phone}\n`);
    const { exitCode, stderr } = await shop.open("--in", "mixed", "--keys", "sealed.keys", "--out", "opened", "--skip-bad");
    expect(exitCode).toBe(1);
    expect(
      stderr
        .split("\n")
        .slice(0, 4)
        .map((line) => line.replace(/: field (\w+).*/, ": $1")),
    ).toEqual([
      "row 1 (line 2): the value is not encrypted: phone",
      "row 2 (line 3): the input is malformed: email",
      "row 3 (line 4): decryption failed: email",
      "row 4 (line 5): the value is not encrypted: email",
    ]);
    expect(stderr).not.toMatch(/plain|secret|cmk1\.[\w-]/);
    expect(shop.read("opened")).toBe(`${header}1,ada@example.com,+44\n`);
    const first = await shop.open("--in", "mixed", "--keys", "sealed.keys", "--out", "o2");
    expect(first.stderr).toMatch(/\nLeave out of --fields what is not sealed; otherwise the value was cut or changed\.\n$/);
  });

  it.each([
    ["another tenant", ["--tenant", "other"]],
    ["another table", ["--table", "other"]],
  ])("say for %s what has to be the same", async (_name, more) => {
    const shop = await sealed();
    const { exitCode, stderr } = await shop.open("--in", "sealed", "--out", "opened", ...more);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^cmkit: row 1 \(line 2\): .*field email\.\n.*(?:--tenant, --table, --row-id and --record-key of sealing|--keys)/,
    );
    expect(existsSync(shop.path("opened"))).toBe(false);
  });

  it("name the keys file that lacks their data key: lost from it, or cut off", async () => {
    const shop = await sealed();
    const keys = shop.read("sealed.keys");
    for (const [name, content] of Object.entries({ lost: "", cut: keys.slice(0, -20), torn: `${keys.slice(0, -20)}\n` })) {
      shop.write(name, content);
      const { exitCode, stderr } = await shop.open("--in", "sealed", "--out", "opened", "--keys", name);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^cmkit: row 1 \(line 2\): the data key is not in the store: field email/);
      expect(stderr.includes("line 1 of the data-key file is damaged")).toBe(name === "torn");
      expect(stderr).toContain(
        `\n${name} lacks its data key: give with --keys the file that was written when this was sealed.\n`,
      );
    }
  });
});
