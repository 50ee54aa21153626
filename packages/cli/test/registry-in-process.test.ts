import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, openSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";

import type { Outcome } from "./command.ts";
import { inAcme } from "./registry-double.ts";
import { principal, registrySetup, type RegistrySetup } from "./registry-setup.ts";

type Run = (argv: readonly string[]) => Promise<Outcome>;

/** The same commands by each way, over a registry of their own. */
const ways: readonly (readonly [name: string, run: (setup: RegistrySetup) => Promise<Run>])[] = [
  [
    "--config",
    async ({ cmkit }) =>
      async (argv) =>
        cmkit([...argv, "--config", "cmkit.json"]),
  ],
  [
    "--store",
    async ({ cmkit }) =>
      async (argv) =>
        cmkit([...argv, "--store", "sqlite:cmkit.db", "--record-key", "record.key"]),
  ],
  ["--url", async (setup) => setup.serve("operator", "*")],
];

function json({ stdout, stderr }: Outcome): unknown {
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

/** The id of the key that was printed. */
function idOf(outcome: Outcome): { readonly id: string } {
  expect(json(outcome)).toMatchObject({ id: expect.any(String) });
  return JSON.parse(outcome.stdout) as { readonly id: string };
}

function byHand<T>(file: string, change: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file);
  try {
    return change(db);
  } finally {
    db.close();
  }
}

/** Wipes the first page of a table. */
function damage(file: string, table: string): void {
  const question = "select rootpage, page_size from sqlite_schema, pragma_page_size where name = ?";
  const { rootpage, page_size: size } = byHand(file, (db) => db.prepare(question).get(table)) ?? {};
  const handle = openSync(file, "r+");
  writeSync(handle, new Uint8Array(Number(size)), 0, Number(size), (Number(rootpage) - 1) * Number(size));
  closeSync(handle);
}

const arn = (account: string): string => `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

describe.each(ways)("a registry by %s", (_way, connect) => {
  it("registers, lists, shows, changes and deletes keys", async () => {
    const run = await connect(await registrySetup());
    const create = (account: string, ...more: readonly string[]): Promise<Outcome> =>
      run(["cmks", "create", ...inAcme, "--provider", "aws", "--resource", arn(account), ...more]);
    const first = idOf(await create("111122223333", "--default-cmk", "--json"));
    const second = idOf(await create("444455556666", "--json"));
    const again = await create("111122223333");
    expect(again).toMatchObject({ exitCode: 1, stdout: "" });
    expect(again.stderr).toContain(`This key already exists in the project: it is CMK ${first.id} (already-exists).`);
    const of = (command: string, { id }: { readonly id: string }, ...more: readonly string[]): Promise<Outcome> =>
      run(["cmks", command, ...inAcme, "--cmk-id", id, ...more]);
    expect((await of("update", first, "--status", "old")).stderr).toContain("(in-use).");
    expect(json(await of("update", second, "--default-cmk", "1", "--json"))).toMatchObject({
      ...second,
      default_cmk: true,
      updated_at: expect.any(String),
    });
    expect(json(await of("update", first, "--status", "old", "--json"))).toMatchObject({ status: "old", default_cmk: false });
    expect((await of("get", first)).stdout).toMatch(/^default_cmk {2}False$/m);
    const listed = await run(["cmks", "list", ...inAcme]);
    expect(listed.stdout).toMatch(new RegExp(`\\n${first.id}  old      aws       ${arn("111122223333")}  False `));
    expect(listed.stdout).toMatch(new RegExp(`\\n${second.id}  current  aws       ${arn("444455556666")}  True  `));
    expect(json(await of("delete", first, "--yes", "--json"))).toMatchObject({ id: first.id, status: "deleted" });
    expect((await of("get", first)).stderr).toMatch(/\(not-found\)\.\nSee --project and --cmk-id/);
    expect(json(await run(["cmks", "list", ...inAcme, "--status", "deleted", "--json"]))).toMatchObject([{ id: first.id }]);
    expect(json(await run(["cmks", "list", "--project", "other", "--json"]))).toEqual([]);
  });

  it("refuses what is no key of the cloud, with the form that it has", async () => {
    const run = await connect(await registrySetup());
    const { exitCode, stderr } = await run([
      "cmks",
      "create",
      ...inAcme,
      "--provider",
      "aws",
      "--resource",
      "alias/x' or '1'='1",
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^cmkit: aws: the key identifier is not valid: .*\(invalid-resource\)\.\nGive with --resource the key as/,
    );
  });
});

describe.each(ways.filter(([way]) => way !== "--store"))("a key of an emulated cloud by %s", (_way, connect) => {
  async function registered(): Promise<{ setup: RegistrySetup; run: Run; id: string }> {
    const setup = await registrySetup();
    const run = await connect(setup);
    const created = await run([
      "cmks",
      "create",
      ...inAcme,
      "--provider",
      "aws",
      "--resource",
      setup.key,
      "--default-cmk",
      "--json",
    ]);
    return { setup, run, id: idOf(created).id };
  }

  it("is checked, and a permission that is missing is named with the grant that adds it", async () => {
    const { setup, run, id } = await registered();
    const check = async (...more: readonly string[]): Promise<Outcome> =>
      run(["cmks", "check", ...inAcme, "--cmk-id", id, ...more]);
    const passed = await check();
    expect(passed).toMatchObject({ exitCode: 0, stderr: "" });
    expect(passed.stdout).toMatch(/\nphase +done\ncode +ok\n/);
    setup.emulator.deny(setup.key, { action: "kms:Decrypt" });
    const denied = await check();
    expect(denied.exitCode).toBe(1);
    expect(denied.stdout).toMatch(/\nphase +unwrap\ncode +access-denied\n/);
    expect(denied.stdout).toContain("\nMissing: kms:Decrypt. To add it:\n");
    expect(denied.stdout).toContain(`"AWS": "${principal}"`);
    const all = await run(["cmks", "check", "--all"]);
    expect(all.exitCode).toBe(1);
    expect(all.stdout).toMatch(new RegExp(`\\nacme     ${id}  aws       unwrap  access-denied\\n`));
    expect(json(await check("--json"))).toMatchObject({ missing: { permission: "kms:Decrypt" } });
  });

  it("has grants for the accessors of the deployment", async () => {
    const { run, id } = await registered();
    const policy = await run(["grants", ...inAcme, "--cmk-id", id, "--form", "aws-key-policy"]);
    expect(policy).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.stringify(JSON.parse(policy.stdout))).toContain(principal);
    expect((await run(["cmks", "accessors", ...inAcme])).stdout).toContain(`principal  ${principal}\n`);
  });

  it("is not deleted while data keys depend on it, unless forced; their number is said", async () => {
    const { setup, run, id } = await registered();
    const { registry } = await setup.registry();
    const box = registry.envelope({ service: "crm" });
    await box.seal(randomBytes(8), { tenant: "acme", path: ["a"] });
    const remove = ["cmks", "delete", ...inAcme, "--cmk-id", id];
    const refused = await run([...remove, "--yes"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^cmkit: The CMK cannot be deleted because 1 data key depends on it.*\(in-use\)\.\n.*--force/);
    const forced = await run([...remove, "--yes", "--force", "--json"]);
    expect(json(forced)).toMatchObject({ id, status: "deleted" });
  });
});

describe("a store itself", () => {
  const config = ["--config", "cmkit.json"];

  it("says at the terminal how many data keys become unreadable", async () => {
    const { cmkit, key, registry } = await registrySetup();
    const created = await cmkit([
      "cmks",
      "create",
      ...inAcme,
      "--provider",
      "aws",
      "--resource",
      key,
      "--default-cmk",
      "--json",
      ...config,
    ]);
    const { id } = idOf(created);
    const box = (await registry()).registry.envelope({ service: "crm", dataKeyMessages: 1 });
    for (const path of [["a"], ["b"]]) await box.seal(randomBytes(8), { tenant: "acme", path });
    const asked = await cmkit(["cmks", "delete", ...inAcme, "--cmk-id", id, "--force", ...config], {
      typed: "n\n",
      terminal: new PassThrough(),
    });
    expect(asked.exitCode).toBe(1);
    expect(asked.stderr).toContain(
      "\n2 data keys become unreadable, and with them all that is sealed under them.\nDelete it? [y/N] ",
    );
  });

  it("writes down who did what", async () => {
    const { cmkit, registry } = await registrySetup();
    await cmkit(["cmks", "create", ...inAcme, "--provider", "aws", "--resource", arn("111122223333"), ...config], {
      user: "grace",
    });
    const found: string[] = [];
    for await (const { actor, action, project } of (await registry()).registry.audit.entries())
      found.push(`${actor} ${action} ${project}`);
    expect(found).toContain("cli:grace cmk.create acme");
  });

  it("is not opened with another record key, and none is made where there was none", async () => {
    const { cmkit, write } = await registrySetup();
    await cmkit(["cmks", "create", ...inAcme, "--provider", "aws", "--resource", arn("111122223333"), ...config]);
    write("other.key", randomBytes(32));
    for (const url of [
      "postgres://PRIVATE@/x",
      "postgres://PRIVATE@127.0.0.1:9/x?sslcert=y",
      "postgres://u:%PRIVATE@127.0.0.1:9/x",
    ]) {
      const unusable = await cmkit(["cmks", "list", ...inAcme, "--store", url, "--record-key", "record.key"]);
      expect(unusable).toMatchObject({ exitCode: 2, stdout: "" });
      expect(unusable.stderr).not.toContain("PRIVATE");
    }
    const other = await cmkit(["cmks", "list", ...inAcme, "--store", "sqlite:cmkit.db", "--record-key", "other.key"]);
    expect(other).toMatchObject({ exitCode: 1, stdout: "" });
    expect(other.stderr).toContain("record key");
    for (const store of ["sqlite:absent.db", "sqlite:absent/absent.db"]) {
      const absent = await cmkit(["cmks", "list", ...inAcme, "--store", store, "--record-key", "record.key"]);
      expect(absent).toMatchObject({ exitCode: 1, stdout: "" });
      expect(absent.stderr).toMatch(/^cmkit: There is no store .*\n.*cmkit init DIR/);
    }
  });

  it("warns once, of each file that others can read, and works all the same", async () => {
    const { cmkit, path } = await registrySetup();
    chmodSync(path("record.key"), 0o604);
    chmodSync(path("cmkit.json"), 0o660);
    const warnings = ["cmkit.json", "record.key"].map((name) => `cmkit: warning: others can read ${path(name)}: chmod 600 it.\n`);
    for (const argv of [
      ["cmks", "list", ...inAcme],
      ["token", "list"],
      ["audit", "verify"],
    ]) {
      expect(await cmkit([...argv, ...config])).toMatchObject({ exitCode: 0, stderr: warnings.join("") });
    }
  });

  it("that fails says why to the operator at the terminal, and which row is not one of ours", async () => {
    const { cmkit, path } = await registrySetup();
    await cmkit(["cmks", "create", ...inAcme, "--provider", "aws", "--resource", arn("111122223333"), ...config]);
    const list = async (): Promise<Outcome> => cmkit(["cmks", "list", ...inAcme, ...config]);
    const setProvider = (value: string): void =>
      byHand(path("cmkit.db"), (db) => void db.prepare("update cmkit_cmks set provider = ?").run(value));
    setProvider("gcp");
    expect(await list()).toMatchObject({ exitCode: 1, stdout: "" });
    expect((await list()).stderr).toMatch(
      /^cmkit: the store holds a row that does not carry the tag of this record key \(bad-record\)\.\nGive the record key/,
    );
    setProvider("PRIVATE");
    expect((await list()).stderr).toMatch(
      /^cmkit: the store holds a row that cmkit does not write: cmkit_cmks\.provider \(bad-record\)\.\nGive the record key/,
    );
    damage(path("cmkit.db"), "cmkit_cmks");
    expect((await list()).stderr).toMatch(
      /^cmkit: the store's SQLite file is damaged: restore it from a backup \(store-unavailable\)\.\nSee that the database/,
    );
  });

  it("that is none is refused in our words, without its text", async () => {
    const { cmkit, write } = await registrySetup();
    write("PRIVATE.db", "no database at all, and long enough to be looked at by whoever opens it".repeat(20));
    const broken = await cmkit(["cmks", "list", ...inAcme, "--store", "sqlite:PRIVATE.db", "--record-key", "record.key"]);
    expect(broken).toMatchObject({ exitCode: 1, stdout: "" });
    expect(broken.stderr).toMatch(/store-unavailable|bad-record/);
    const nobody = await cmkit([
      "cmks",
      "list",
      ...inAcme,
      "--store",
      "postgres://u:PRIVATE@127.0.0.1:9/x",
      "--record-key",
      "record.key",
    ]);
    expect(nobody).toMatchObject({ exitCode: 1, stdout: "" });
    expect(nobody.stderr).toMatch(/store-unavailable/);
    expect(nobody.stderr).not.toContain("PRIVATE");
    for (const url of [
      "postgres://PRIVATE@/x",
      "postgres://PRIVATE@127.0.0.1:9/x?sslcert=y",
      "postgres://u:%PRIVATE@127.0.0.1:9/x",
    ]) {
      const unusable = await cmkit(["cmks", "list", ...inAcme, "--store", url, "--record-key", "record.key"]);
      expect(unusable).toMatchObject({ exitCode: 2, stdout: "" });
      expect(unusable.stderr).not.toContain("PRIVATE");
    }
    const other = await cmkit(["cmks", "list", ...inAcme, "--store", "mysql://u:PRIVATE@db/x", "--record-key", "record.key"]);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).not.toContain("PRIVATE");
  });
});

describe("a token", () => {
  it("of a viewer reads and changes nothing, of one project reaches no other", async () => {
    const setup = await registrySetup();
    const viewer = await setup.serve("viewer", "acme");
    expect(json(await viewer(["cmks", "list", ...inAcme, "--json"]))).toEqual([]);
    const create = ["cmks", "create", ...inAcme, "--provider", "aws", "--resource", arn("111122223333")];
    const refused = await viewer(create);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(/\(forbidden\)\.\nThis takes a token of the role operator/);
    const elsewhere = await viewer(["cmks", "list", "--project", "other"]);
    expect(elsewhere.stderr).toMatch(/\(not-found\)\.\n.*whether CMKIT_TOKEN is for that project/);
    const stranger = await viewer(["cmks", "list", ...inAcme], { env: { CMKIT_TOKEN: "cmkit_unknown" } });
    expect(stranger.stderr).toMatch(/\(unauthenticated\)\.\nSet CMKIT_TOKEN/);
  });
});
