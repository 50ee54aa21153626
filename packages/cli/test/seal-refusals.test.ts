import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { piped } from "./command.ts";
import { usual, type Workshop, workshop } from "./workshop.ts";

const csv = "id,email,phone\n1,ada@example.com,+44\n";
const without = (flag: string): string[] => usual.filter((argument, index) => argument !== flag && usual[index - 1] !== flag);
const withOther = (flag: string, value: string): string[] => [...without(flag), flag, value];

async function stocked(): Promise<Workshop> {
  const shop = await workshop();
  shop.write("in.csv", csv);
  shop.write("record.key", randomBytes(32));
  return shop;
}

describe("bad usage of cmkit seal and cmkit open", () => {
  it.each([
    ["no fields", without("--fields"), "expected --fields, such as email,phone."],
    [
      "an empty name among the fields",
      withOther("--fields", "email,,phone"),
      "expected --fields to be names with one comma between them.",
    ],
    ["a field twice", withOther("--fields", "email,email"), "expected each of --fields once, got email twice."],
    ["the row id as a field", withOther("--fields", "id"), "expected id to stay readable"],
    ["no row id", without("--row-id"), "expected --row-id NAME; or --no-row-id, if values may be exchanged between rows."],
    ["no table", without("--table"), "expected --table."],
    ["no tenant", without("--tenant"), "expected --tenant."],
    ["a tenant that cannot be", withOther("--tenant", "a\nb"), "expected"],
    ["no key", without("--dev"), "expected --provider, such as aws."],
    ["no ARN", [...without("--dev"), "--provider", "aws"], "expected --resource, the ARN of a key."],
    ["no record key", [...without("--dev"), "--provider", "aws", "--resource", "x"], "expected --record-key FILE."],
    ["two record keys", [...usual, "--record-key", "record.key"], "expected either --record-key or --dev, which has one."],
    [
      "an unknown cloud",
      [...usual, "--provider", "ibm"],
      "option '--provider <name>' argument 'ibm' is invalid. Allowed choices are aws, gcp, azure, oci.",
    ],
    ["no threads", [...usual, "--jobs", "0"], "Expected a whole number from 1 to 64."],
    ["keys in the place of the output", [...usual, "--keys", "out"], "expected another file for --keys than for --out."],
    ["an unknown option", [...usual, "--filds", "x"], "unknown option '--filds'"],
  ])("is answered with 2 and two lines: %s", async (_name, argv, what) => {
    const shop = await stocked();
    const { exitCode, stdout, stderr } = await shop.cmkit(["seal", ...argv, "--in", "in.csv", "--out", "out"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(
      `cmkit: ${what.replace(/^Expected a whole/, "option '--jobs <n>' argument '0' is invalid. Expected a whole")}`,
    );
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(readdirSync(shop.dir).filter((name) => name.startsWith("out"))).toEqual([]);
  });

  it("is to give no input, no place for the keys of a pipe, a field within a field, or --only of other fields", async () => {
    const shop = await stocked();
    const terminal = await shop.cmkit(["seal", ...usual, "--out", "out"]);
    expect(terminal).toMatchObject({
      exitCode: 2,
      stderr: "cmkit: expected --in FILE, or data piped in.\nSee `cmkit seal --help`.\n",
    });
    const noKeys = await shop.cmkit(["seal", ...usual], { stdin: piped(csv) });
    expect(noKeys.stderr).toBe("cmkit: expected --keys FILE, since the data is written to a pipe.\nSee `cmkit seal --help`.\n");
    const noKeysToOpen = await shop.cmkit(["open", ...usual], { stdin: piped(csv) });
    expect(noKeysToOpen.stderr).toMatch(/^cmkit: expected --keys FILE, since the data is read from a pipe\./);
    shop.write("in.jsonl", '{"id":1}\n');
    const within = await shop.cmkit(["seal", ...withOther("--fields", "a,a.b"), "--in", "in.jsonl", "--out", "out"]);
    expect(within).toMatchObject({ exitCode: 2 });
    expect(within.stderr).toMatch(
      /^cmkit: expected either a or a\.b as a field: one is within the other\.\nSee `cmkit seal --help`\.\n$/,
    );
    expect((await shop.open("--in", "in.csv", "--only", "fax")).stderr).toMatch(
      /^cmkit: expected --only to name some of --fields, got fax\./,
    );
  });
});

describe("files that stand in the way", () => {
  it("are never overwritten", async () => {
    const shop = await stocked();
    shop.write("out", "precious");
    const exists = await shop.seal("--in", "in.csv", "--out", "out");
    expect(exists).toMatchObject({ exitCode: 1, stderr: "cmkit: out exists already.\nRemove it or choose another name.\n" });
    const same = await shop.seal("--in", "in.csv", "--out", "./in.csv");
    expect(same.stderr).toMatch(/^cmkit: expected another file for --out than for --in\./);
    expect([shop.read("out"), shop.read("in.csv")]).toEqual(["precious", csv]);
  });

  it.each([
    [["--in", "none.csv", "--out", "out"], "There is no file none.csv."],
    [["--in", ".", "--out", "out"], ". is a directory; expected a file."],
    [["--in", "empty", "--out", "out"], "empty is empty."],
    [["--in", "in.csv", "--out", "none/out"], "There is no directory none.\nGive another --out, or another file with --keys.\n"],
    [
      ["--in", "in.csv", "--out", "out", "--keys", `${"k".repeat(300)}/keys`],
      `${"k".repeat(300)}/keys cannot be written (ENAMETOOLONG).`,
    ],
    [["--in", "in.csv", "--out", "out", "--keys", "none/keys"], "There is no directory none."],
    [["--in", "other.csv", "--out", "out"], "other.csv has no column email and no column phone."],
    [["--in", "other.jsonl", "--out", "out"], "other.jsonl: no row has a field email."],
    [["--in", "in.csv", "--out", "out", "--dev", "none.json"], "There is no file "],
  ])("or are not there are named, with 1: %j", async (argv, what) => {
    const shop = await stocked();
    shop.write("empty", "\n \n");
    shop.write("other.csv", "id,mail\n1,a\n");
    shop.write("other.jsonl", '{"id":1,"mail":"a","phone":"b"}\n');
    const { exitCode, stderr } = await shop.seal(...argv);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`cmkit: ${what}`);
    expect(readdirSync(shop.dir).filter((name) => name.startsWith("out") && name !== "out.keys")).toEqual([]);
  });

  it("or were made while the run went on are not overwritten either", async () => {
    const shop = await stocked();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(csv);
      shop.write("out", "precious");
    }
    const late = await shop.cmkit(["seal", ...usual, "--out", "out"], { stdin: slow() });
    expect(late).toMatchObject({ exitCode: 1, stderr: "cmkit: out exists already.\nRemove it or choose another name.\n" });
    expect(shop.read("out")).toBe("precious");
    expect(readdirSync(shop.dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("or hold something else than keys are not added to, by whatever name", async () => {
    const shop = await stocked();
    shop.write("notes", "call Ada\n");
    shop.write("in.jsonl", '{"id":"1","email":"a","phone":"b"}\n');
    symlinkSync("in.jsonl", shop.path("link"));
    for (const [name, file] of [
      ["notes", "notes"],
      ["link", "in.jsonl"],
    ] as const) {
      const before = shop.read(file);
      const sealed = await shop.seal("--in", "in.jsonl", "--out", "out", "--keys", name);
      expect(sealed).toMatchObject({
        exitCode: 1,
        stderr: `cmkit: ${name} is not a keys file.\nGive another file with --keys.\n`,
      });
      expect(shop.read(file)).toBe(before);
      const opened = await shop.open("--in", "in.jsonl", "--out", "out", "--keys", name);
      expect(opened.stderr).toMatch(/ is not a keys file\.\nGive with --keys the file that `cmkit seal` wrote/);
    }
    const device = await shop.seal("--in", "in.jsonl", "--out", "out", "--keys", "/dev/null");
    expect(device.stderr).toMatch(/^cmkit: \/dev\/null is not a keys file\./);
  });

  it("are left alone by a run that is interrupted before it has begun to read", async () => {
    const shop = await stocked();
    const given = { untilAskedToEnd: async () => {} };
    const { exitCode, stderr } = await shop.cmkit(["seal", ...usual, "--in", "in.csv", "--out", "out"], given);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "cmkit: Interrupted. Nothing was written under the final name.\n",
    });
    expect(existsSync(shop.path("out"))).toBe(false);
  });

  it("are named without letting the terminal obey their names", async () => {
    const shop = await stocked();
    shop.write("\u001b[31mred", "id\n1\n");
    const { stderr } = await shop.seal("--in", "\u001b[31mred", "--out", "out");
    expect(stderr).toMatch(/^cmkit: \\u\{001b\}\[31mred has no column email/);
  });

  it.each([
    ["a byte order mark", "\ufeffid,email,phone\n1,a,b\n"],
    ["none", "id,email,phone\n1,a,b\n"],
    ["JSON", '{"id":1}\n'],
  ])("or are in UTF-16 are said to be: with %s", async (_name, text) => {
    const shop = await stocked();
    for (const bytes of [Buffer.from(text, "utf16le"), Buffer.from(text, "utf16le").swap16()]) {
      shop.write("in", bytes);
      const { exitCode, stderr } = await shop.seal("--in", "in", "--out", "out");
      expect(exitCode).toBe(1);
      expect(stderr).toBe("cmkit: in is in UTF-16; expected UTF-8.\nConvert it: iconv -f UTF-16 -t UTF-8 makes it so.\n");
    }
  });

  it("are asked for when something is opened without its keys file or record key", async () => {
    const shop = await stocked();
    const noKeys = await shop.open("--in", "in.csv", "--out", "out");
    expect(noKeys).toMatchObject({
      exitCode: 1,
      stderr:
        "cmkit: There is no keys file in.csv.keys.\nGive with --keys the file that `cmkit seal` wrote: nothing opens without it.\n",
    });
    shop.write("in.csv.keys", "");
    const cloud = ["open", ...usual.slice(2), "--provider", "aws", "--resource", shop.key, "--in", "in.csv", "--out", "out"];
    const noRecordKey = await shop.cmkit([...cloud, "--record-key", "none.key"]);
    expect(noRecordKey.stderr).toBe(
      `cmkit: There is no record key ${shop.path("none.key")}.\nGive with --record-key, or as recordKey in cmkit.json, the file that \`cmkit seal\` or \`cmkit init\` made.\n`,
    );
    shop.write("empty.key", "");
    const empty = await shop.cmkit([...cloud, "--record-key", "empty.key"]);
    expect(empty.stderr).toMatch(/^cmkit: empty\.key is not a record key: expected 32 bytes, got 0\.\nA run was cut off/);
    shop.write("text.key", `${"a".repeat(32)}\n`);
    const notOne = await shop.cmkit([...cloud, "--record-key", "text.key"]);
    expect(notOne.stderr).toMatch(
      /^cmkit: text\.key is not a record key: expected 32 bytes, got 33\.\nGive .+ `cmkit seal` or `cmkit init` made, or 32 random bytes of your own; not their digits/,
    );
  });
});

describe("a refusal of the KMS", () => {
  it.each([
    ["access-denied", async (shop: Workshop) => shop.emulator.deny(shop.key), "Have the key's owner allow it in the key policy"],
    ["key-disabled", async (shop: Workshop) => shop.emulator.disableKey(shop.key), "Have the key's owner enable it"],
    [
      "key-pending-deletion",
      async (shop: Workshop) => shop.emulator.scheduleKeyDeletion(shop.key),
      "Have the key's owner cancel its deletion",
    ],
    ["unavailable", async (shop: Workshop) => shop.emulator.close(), "Start `cmkit dev` again"],
  ])("%s stops the run, with --skip-bad too, in its words and with what to do", async (code, refuse, next) => {
    const shop = await stocked();
    await shop.seal("--in", "in.csv", "--out", "sealed");
    await refuse(shop);
    for (const argv of [
      ["seal", ...usual, "--in", "in.csv", "--out", "out"],
      ["open", ...usual, "--in", "sealed", "--out", "out"],
    ]) {
      const { exitCode, stderr } = await shop.cmkit([...argv, "--skip-bad"]);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^cmkit: aws: /);
      expect(stderr.split("\n")[0]).toContain(`(${code}).`);
      expect(stderr.split("\n")[1]).toContain(next);
    }
    expect(existsSync(shop.path("out"))).toBe(false);
  });

  it("is told for an ARN that is none, a key that is not there and one under which nothing was sealed", async () => {
    const shop = await stocked();
    await shop.seal("--in", "in.csv", "--out", "sealed");
    const bad = await shop.seal("--in", "in.csv", "--out", "out", "--resource", "arn:aws:s3:::bucket");
    expect(bad.stderr).toMatch(/\(invalid-resource\)\.\nGive with --resource the full ARN of a key/);
    const absent = await shop.seal("--in", "in.csv", "--out", "out", "--resource", `${shop.key.slice(0, -4)}0000`);
    expect(absent.stderr).toMatch(/\((?:key-not-found|access-denied)\)\.\n\w/);
    const another = await shop.emulator.createKey({ region: "us-east-1", account: "111122223333", keySpec: "SYMMETRIC_DEFAULT" });
    const removed = await shop.open("--in", "sealed", "--out", "out", "--resource", another);
    expect(removed.stderr).toMatch(/\(key-removed\)\.\nGive with --resource the key that the file of --keys names last for this/);
    expect(existsSync(shop.path("out"))).toBe(false);
  });

  it("is that of a wrong record key, or the keys file of another one", async () => {
    const shop = await stocked();
    await shop.seal("--in", "in.csv", "--out", "sealed");
    mkdirSync(shop.path("elsewhere"));
    const dev = JSON.parse(shop.read("cmkit.dev.json")) as object;
    shop.write("elsewhere/dev.json", JSON.stringify({ ...dev, recordKey: randomBytes(32).toString("base64url") }));
    const { exitCode, stderr } = await shop.open("--in", "sealed", "--out", "out", "--dev", "elsewhere/dev.json");
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "cmkit: row 1 (line 2): decryption failed: field email.\nGive the --tenant, --table, --row-id and --record-key of sealing, and its keys file (this one is sealed.keys); otherwise the value was changed.\n",
    );
  });
});
