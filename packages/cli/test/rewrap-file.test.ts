import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";

import { hastyClock } from "./command.ts";
import { type Workshop, workshop } from "./workshop.ts";

const csv = "id,email,phone\n1,ada@example.com,+44\n";

/** A workshop with sealed files, all of whose data keys are in one file `keys`. */
async function sealed(count = 3): Promise<Workshop> {
  const shop = await workshop();
  shop.write("in.csv", csv);
  for (let i = 0; i < count; i += 1) {
    const seal = await shop.seal("--in", "in.csv", "--out", `out-${i}`, "--keys", "keys");
    expect(seal).toMatchObject({ exitCode: 0 });
  }
  return shop;
}

const rewrap = ({ key, otherKey }: Workshop, ...more: readonly string[]): readonly string[] => {
  const move = `rewrap --keys keys --dev cmkit.dev.json --from aws:${key} --to aws:${otherKey}`;
  return [...move.split(" "), ...more];
};

const openedUnder = async (shop: Workshop, resource: string, name: string): Promise<string> => {
  const argv = ["--provider", "aws", "--resource", resource, "--in", name, "--keys", "keys"];
  const { exitCode, stdout, stderr } = await shop.open(...argv);
  return exitCode === 0 ? stdout : stderr;
};

describe("cmkit rewrap --keys", () => {
  it("moves every data key of the file; the data stays, and opens under the new key", async () => {
    const shop = await sealed();
    const data = shop.read("out-0");
    expect(await shop.cmkit(rewrap(shop))).toEqual({
      exitCode: 0,
      stdout:
        `done: 3 data keys rewrapped from aws:${shop.key} to aws:${shop.otherKey}.\n` +
        `No data key of keys is left under aws:${shop.key}. Seal and open with --provider aws --resource ${shop.otherKey} from now on.\n`,
      stderr: "",
    });
    expect(shop.read("out-0")).toBe(data);
    for (const name of ["out-0", "out-1", "out-2"]) expect(await openedUnder(shop, shop.otherKey, name)).toBe(csv);
    expect(await openedUnder(shop, shop.key, "out-0")).toContain("(key-removed)");
    shop.emulator.disableKey(shop.key);
    expect(await openedUnder(shop, shop.otherKey, "out-0")).toBe(csv);
    // Once more there is nothing to do, and nobody to ask.
    const again = await shop.cmkit(rewrap(shop));
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toContain("done: 0 data keys rewrapped");
    expect(again.stdout).toContain("; 3 are there already.\n");
  });

  it("with --stale-versions moves what is under older versions of the key", async () => {
    const shop = await sealed(2);
    const stale = ["rewrap", "--keys", "keys", "--dev", "cmkit.dev.json", "--from", `aws:${shop.key}`, "--stale-versions"];
    expect((await shop.cmkit(stale)).stdout).toContain("done: 0 data keys rewrapped to the current version of aws:");
    shop.emulator.rotate(shop.key);
    await shop.seal("--in", "in.csv", "--out", "out-2", "--keys", "keys");
    const { exitCode, stdout } = await shop.cmkit(stale);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `done: 2 data keys rewrapped to the current version of aws:${shop.key}; 1 is there already.\n`,
    });
    for (const name of ["out-0", "out-2"]) expect(await openedUnder(shop, shop.key, name)).toBe(csv);
  });

  it("says how many are under other keys or names, which it does not touch", async () => {
    const shop = await sealed(2);
    const before = shop.read("keys");
    const stale = ["rewrap", "--keys", "keys", "--dev", "cmkit.dev.json", "--from", `aws:${shop.otherKey}`, "--stale-versions"];
    expect(await shop.cmkit(stale)).toEqual({
      exitCode: 0,
      stdout:
        `done: 0 data keys rewrapped to the current version of aws:${shop.otherKey}.\n` +
        `2 data keys of keys are under other keys, or under other names of aws:${shop.otherKey}, such as one with a version, and stay as they are.\n` +
        `Nothing was moved: is aws:${shop.otherKey} the key that they were sealed under?\n`,
      stderr: "",
    });
    expect(shop.read("keys")).toBe(before);
  });

  it("with --dry-run counts, and changes nothing", async () => {
    const shop = await sealed(2);
    const before = shop.read("keys");
    const { exitCode, stdout } = await shop.cmkit(rewrap(shop, "--dry-run"));
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `2 data keys would be rewrapped from aws:${shop.key} to aws:${shop.otherKey}. Nothing was changed.\n`,
    });
    expect(shop.read("keys")).toBe(before);
  });

  it("with --json prints the same as JSON", async () => {
    const shop = await sealed(2);
    const { stdout } = await shop.cmkit(rewrap(shop, "--json", "--rate", "1000/s", "--concurrency", "2"));
    expect(JSON.parse(stdout)).toEqual({
      keys: "keys",
      from: `aws:${shop.key}`,
      to: `aws:${shop.otherKey}`,
      state: "done",
      dry_run: false,
      data_keys: 2,
      rewrapped: 2,
      already: 0,
      elsewhere: 0,
      failed: [],
      failed_ids: [],
      damaged_line: null,
    });
  });

  it("ends with 1 when some failed, names them and says what to do; the next run goes on with them", async () => {
    const shop = await sealed(2);
    const before = shop.read("keys");
    const ids = before
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id);
    shop.emulator.deny(shop.key, { action: "kms:Decrypt" });
    const { exitCode, stdout, stderr } = await shop.cmkit(rewrap(shop));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toContain(`partial: 0 data keys rewrapped from aws:${shop.key}`);
    expect(stdout).toContain("2 data keys failed and stay as before:\n");
    expect(stdout).toMatch(/^access-denied {2}2$/m);
    for (const id of ids) expect(stdout).toContain(`  ${id}\n`);
    expect(stdout).toContain("access-denied: Have the owner of the key that refuses, --from or --to, allow");
    expect(stdout.trimEnd()).toMatch(/Then run this again: it goes on with what is left\.$/);
    expect(shop.read("keys")).toBe(before);
    shop.emulator.allow(shop.key);
    expect(await shop.cmkit(rewrap(shop))).toMatchObject({ exitCode: 0 });
  });

  it("is refused before anything is done where the target refuses", async () => {
    const shop = await sealed(1);
    const before = shop.read("keys");
    shop.emulator.disableKey(shop.otherKey);
    const { exitCode, stdout, stderr } = await shop.cmkit(rewrap(shop));
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^cmkit: aws: .*\(key-disabled\)\.\nHave the owner of the key that refuses, --from or --to, enable it\.\n$/,
    );
    expect(shop.read("keys")).toBe(before);
  });

  it("fails with another record key, and moves nothing", async () => {
    const shop = await sealed(1);
    shop.write("record.key", randomBytes(32));
    const argv = rewrap(shop).filter((word) => word !== "--dev" && word !== "cmkit.dev.json");
    const { exitCode, stdout } = await shop.cmkit([...argv, "--record-key", "record.key", "--dry-run"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("1 data key would fail and stays as before:");
    expect(stdout).toContain("decrypt-failed: Give with --record-key the one that sealed them.");
  });

  it("names a damaged line, which may have held another data key", async () => {
    const shop = await sealed(2);
    const [first, second] = shop.read("keys").split("\n");
    shop.write("keys", `${first}\n${second?.replace('"service"', '"Service"')}\n`);
    const { exitCode, stdout } = await shop.cmkit(rewrap(shop));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("partial: 1 data key rewrapped");
    expect(stdout).toContain("Line 2 of keys is damaged and may have held another one: restore it from a backup.\n");
  });

  it("ends when it is asked to, with what to do", async () => {
    const shop = await sealed(1);
    const { exitCode, stderr } = await shop.cmkit(rewrap(shop), { untilAskedToEnd: async () => {} });
    expect(exitCode).toBe(1);
    expect(stderr).toBe("cmkit: Interrupted.\nWhat was rewrapped stays so. Run this again to go on.\n");
  });

  it("says how many are left when it is interrupted half-way", async () => {
    const shop = await sealed(3);
    const asked = Promise.withResolvers<void>();
    let looks = 0;
    const monotonicMs = (): number => {
      if ((looks += 1) === 2) asked.resolve(); // at the start, and when the first data key was moved
      return 0;
    };
    const given = { clock: { ...hastyClock(), monotonicMs }, untilAskedToEnd: async () => asked.promise };
    const { exitCode, stderr } = await shop.cmkit(rewrap(shop, "--concurrency", "1"), given);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "cmkit: Interrupted: at most 2 data keys are left.\nWhat was rewrapped stays so. Run this again to go on.\n",
    );
    expect(await shop.cmkit(rewrap(shop, "--json"))).toMatchObject({ exitCode: 0 });
  });

  it.each<[string, (argv: readonly string[]) => readonly string[], number, string]>([
    ["no record key", (argv) => without(argv, "--dev"), 2, "expected --record-key FILE, the one that sealed the data."],
    ["two record keys", (argv) => [...argv, "--record-key", "r"], 2, "expected either --record-key or --dev, which has one."],
    [
      "a key without its cloud",
      (argv) => [...without(argv, "--from"), "--from", "alias/main"],
      2,
      "expected --from to be PROVIDER:RESOURCE",
    ],
    ["an unknown cloud", (argv) => [...without(argv, "--to"), "--to", "ibm:key"], 2, "expected --to to be PROVIDER:RESOURCE"],
    ["a key without a name", (argv) => [...without(argv, "--to"), "--to", "aws:"], 2, "expected --to to be PROVIDER:RESOURCE"],
    ["a key that cannot be", (argv) => [...without(argv, "--to"), "--to", "aws:key"], 1, "(invalid-resource)."],
    ["no such file", (argv) => [...without(argv, "--keys"), "--keys", "none"], 1, "There is no keys file none."],
    ["another file", (argv) => [...without(argv, "--keys"), "--keys", "in.csv"], 1, "in.csv is not a keys file."],
  ])("is answered with two lines: %s", async (_name, change, code, what) => {
    const shop = await sealed(1);
    const { exitCode, stdout, stderr } = await shop.cmkit(change(rewrap(shop)));
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).toContain(what);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  });
});

/** Without a flag and its value. */
function without(argv: readonly string[], flag: string): readonly string[] {
  return argv.filter((word, at) => word !== flag && argv[at - 1] !== flag);
}
