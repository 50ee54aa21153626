import { describe, expect, it } from "vitest";

import { backupDate } from "../src/backup-date.ts";
import { answering, cmk, id, named, refusal, registryDouble, type Answer } from "./registry-double.ts";

const argv = ["retire", ...named];
const path = `/v1/project/acme/secrets/cmks/${id}/retire`;
const balance = { key_version: "1", made: 1200, rewrapped_in: 34, rewrapped_out: 1234, shredded: 0, present: 0 };
const retirement = {
  cmk: { ...cmk, status: "old", default_cmk: false },
  resource: cmk.resource as string,
  store: "PostgreSQL on db.example.com, database crm",
  position: "0/16B3748",
  at: "2027-01-10T10:00:00.000Z",
  versions: [balance, { ...balance, key_version: null, shredded: 4, rewrapped_out: 1230 }],
  cannot_see: ["Messages that are kept elsewhere.", "Other stores."],
  backups_until: null as string | null,
  safe_to_destroy: false,
  audit_entry: 17,
};

function retired(changed: Partial<typeof retirement> = {}): Answer {
  return { json: { retire: { ...retirement, ...changed } } };
}

describe("cmkit retire", () => {
  it("prints the report as a page", async () => {
    const double = await answering(retired());
    const { exitCode, stdout, stderr } = await double.cmkit(argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(`Nothing in this store depends on the key any more.

project      acme
CMK          ${id}, old
key          aws ${cmk.resource}
store        PostgreSQL on db.example.com, database crm
position     0/16B3748
counted at   2027-01-10T10:00:00.000Z
audit entry  17

version  made   rewrapped in  rewrapped out  shredded  present
=======  =====  ============  =============  ========  =======
1        1,200  34            1,234          0         0
-        1,200  34            1,230          4         0
made + rewrapped in - rewrapped out - shredded = present

What this cannot see:
  - Messages that are kept elsewhere.
  - Other stores.

NOT YET to be destroyed: it was not said until when backups of the store hold wraps under it.
Say so with --backups-until DATE, the day on which the last of them is deleted:
  cmkit retire --url ${double.url} --project acme --cmk-id ${id} --backups-until DATE
`);
    expect(double.asked).toMatchObject([{ method: "POST", path, body: "{}" }]);
  });

  it("says when to retire it again while there are backups", async () => {
    const until = "2027-02-01T00:00:00.000Z";
    const double = await answering(retired({ backups_until: until }));
    const { exitCode, stdout } = await double.cmkit([...argv, "--backups-until", "2027-01-31"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      `\nNOT YET to be destroyed: backups until ${until} hold wraps under it.\nRetire it again after that:\n  cmkit retire `,
    );
    expect(stdout).toMatch(new RegExp(`--backups-until ${until}\n$`));
    expect(stdout.toLowerCase()).not.toContain("safe to destroy");
    expect(double.asked).toMatchObject([{ body: JSON.stringify({ backups_until: until }) }]);
  });

  it("calls it safe to destroy once the backups are gone, as far as it can see", async () => {
    const until = "2027-01-01T00:00:00.000Z";
    const double = await answering(retired({ backups_until: until, safe_to_destroy: true }));
    const { stdout } = await double.cmkit([...argv, "--backups-until", "2026-12-31"]);
    expect(stdout).toMatch(
      new RegExp(`\nSafe to destroy, as far as this store goes, and its backups, of which the last was until ${until}\\.\n$`),
    );
  });

  it("names the key itself where it was registered by another name, and has no table without a data key", async () => {
    const double = await answering(retired({ resource: "arn:of-the-key\u001b[2J", versions: [] }));
    const { stdout } = await double.cmkit(argv);
    expect(stdout).toContain("\nkey            aws arn:of-the-key\\u{001b}[2J\n");
    expect(stdout).toContain(`\nregistered as  ${cmk.resource}\n`);
    expect(stdout).toContain("\nNo data key of this project was ever wrapped under it.\n");
  });

  it("prints the object with --json", async () => {
    const double = await answering(retired());
    const { exitCode, stdout } = await double.cmkit([...argv, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ project: "acme", ...retirement });
  });

  it.each([
    ["safe without a date", { safe_to_destroy: true }],
    ["safe before the backups are gone", { safe_to_destroy: true, backups_until: "2027-01-10T10:00:00.001Z" }],
    ["data keys that are there", { versions: [{ ...balance, present: 1, made: 1201 }] }],
    ["a balance that is none", { versions: [{ ...balance, made: 1201 }] }],
    ["no time", { at: "today" }],
  ])("believes no server that says %s", async (_what, changed) => {
    const double = await answering(retired(changed));
    const { exitCode, stdout, stderr } = await double.cmkit(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("does not answer as a registry does: retire.");
  });

  it.each([
    ["in-use", 409, "Once that is no longer so, run this one again.\n"],
    ["invalid-request", 400, "Then run the command again."],
    ["forbidden", 403, "This takes a token of the role operator"],
  ])("that is refused says what to do: %s", async (code, status, next) => {
    const double = await registryDouble(() => refusal(status, code, "It cannot be retired."));
    const { exitCode, stdout, stderr } = await double.cmkit(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(`cmkit: It cannot be retired (${code}).\n${next}`);
  });

  it.each([
    "The CMK cannot be retired. 2 data keys depend on it. Move them: `cmkit rewrap --project acme --from X --to CMK`",
    "The CMK cannot be retired. Data keys of 1 other project depend on it: rewrap them, too",
  ])("that is refused until a rewrap says how to run that: %s", async (message) => {
    const double = await registryDouble(() => refusal(409, "in-use", message));
    expect((await double.cmkit(argv)).stderr).toBe(
      `cmkit: ${message} (in-use).\n` +
        "Give `cmkit rewrap` the same --config, --url, --store or --dev as this command. Then run this one again.\n",
    );
  });

  it.each(["tomorrow", "2027-02-30", "2027-01-31T12:00", "2027-01-31T25:00:00Z", "31.1.2027", "90d", ""])(
    "takes no other date: %s",
    async (date) => {
      const double = await answering(retired());
      const { exitCode, stderr } = await double.cmkit([...argv, "--backups-until", date]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("Expected a day, such as 2027-01-31, or a time with its zone");
      expect(double.asked).toEqual([]);
    },
  );
});

describe("until when there are backups", () => {
  it.each([
    ["2027-01-31", "2027-02-01T00:00:00.000Z"],
    ["2028-02-29", "2028-03-01T00:00:00.000Z"],
    ["2027-01-31T12:00Z", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31T12:00:00.5+02:00", "2027-01-31T10:00:00.500Z"],
  ])("is, with %s, %s: a day is all of it", (text, moment) => {
    expect(backupDate(text)?.toISOString()).toBe(moment);
  });
});
