import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";
import { registryHome } from "./registry-home.ts";
import { scratch } from "./scratch.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const parts = ["cmkit.db", "cmkit.json", "record.key"];

function contents(dir: string): Readonly<Record<string, string>> {
  return Object.fromEntries(parts.map((name) => [name, readFileSync(join(dir, name), "base64")]));
}

describe("cmkit init", () => {
  it("makes a configuration, a record key and a store that its owner alone can read, and says what is next", async () => {
    const dir = join(scratch(), "made", "by it");
    const { exitCode, stdout, stderr } = await cmkit(["init", dir]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(readdirSync(dir).sort()).toEqual(parts);
    expect(parts.map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "record.key")).size).toBe(32);
    expect(JSON.parse(readFileSync(join(dir, "cmkit.json"), "utf8"))).toEqual({
      cmkit: 1,
      store: "sqlite:cmkit.db",
      recordKey: "record.key",
      accessors: {},
    });
    expect(stdout).toContain(`\n3. npx cmkit serve --config '${dir}/cmkit.json'`);
    expect(stdout).not.toContain(readFileSync(join(dir, "record.key")).toString("base64").slice(0, 20));
  });

  it("changes nothing where everything is there, and says so", async () => {
    const { dir } = await registryHome();
    const before = contents(dir);
    const { exitCode, stdout } = await cmkit(["init", dir, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      config: join(dir, "cmkit.json"),
      record_key: join(dir, "record.key"),
      store: join(dir, "cmkit.db"),
      made: [],
    });
    expect(contents(dir)).toEqual(before);
  });

  it("takes another SQLite file, which other commands then find", async () => {
    const dir = scratch();
    mkdirSync(join(dir, "data"));
    expect((await cmkit(["init", dir, "--store", "sqlite:data/keys.db"])).exitCode).toBe(0);
    expect(existsSync(join(dir, "data", "keys.db"))).toBe(true);
    expect((await cmkit(["token", "list", "--json", "--config", join(dir, "cmkit.json")])).stdout).toBe("[]\n");
  });

  // Killed before the n-th call that gives a file its name or tidies up after that: before the record key has it, after, and
  // after cmkit.json has it. The store's own tables are one transaction of SQLite.
  it.each([1, 2, 4])("is completed by running it again after kill -9, call %d", { timeout: 60_000 }, async (calls) => {
    const dir = scratch();
    const kill = `
      import { promises } from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      let left = ${calls};
      for (const name of ["link", "rm"]) {
        const real = promises[name];
        promises[name] = async (...given) => {
          left -= 1;
          if (left === 0) process.kill(process.pid, "SIGKILL");
          return real(...given);
        };
      }
      syncBuiltinESMExports();`;
    const hook = `--import=data:text/javascript,${encodeURIComponent(kill)}`;
    const { signal } = spawnSync(process.execPath, ["--conditions=@cmkit/source", hook, main, "init", dir]);
    expect(signal).toBe("SIGKILL");
    const key = join(dir, "record.key");
    const keyBefore = existsSync(key) ? [readFileSync(key)] : [];
    expect((await cmkit(["init", dir])).exitCode).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(parts);
    expect(readFileSync(key)).toHaveLength(32);
    expect([readFileSync(key), ...keyBefore]).toEqual([...keyBefore, readFileSync(key)]); // the same, if there was one
    expect((await cmkit(["token", "list", "--config", join(dir, "cmkit.json")])).exitCode).toBe(0);
  });

  it("makes no new record key for a store that has rows, whether cmkit.json is there or not", async () => {
    const home = await registryHome();
    await home.token();
    rmSync(home.path("record.key"));
    const withConfig = await cmkit(["init", home.dir]);
    const gone = `There is no record key ${home.path("record.key")}.`;
    expect(withConfig).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(gone) as string });
    rmSync(home.config);
    const without = await cmkit(["init", home.dir]);
    expect(without.exitCode).toBe(1);
    expect(without.stderr).toBe(
      `cmkit: ${home.path("cmkit.db")} has rows, and the record key that they were tagged with is not there.\n` +
        `Restore ${home.path("record.key")}. To begin with an empty store, name another.\n`,
    );
    expect(readdirSync(home.dir)).toEqual(["cmkit.db"]);
    writeFileSync(home.path("record.key"), new Uint8Array(32));
    expect((await cmkit(["init", home.dir])).stderr).toContain("was made with another record key");
    expect(existsSync(home.config)).toBe(false);
  });

  it("does not make a lost store anew", async () => {
    const home = await registryHome();
    rmSync(home.path("cmkit.db"));
    const { exitCode, stderr } = await cmkit(["init", home.dir]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `cmkit: There is no store ${home.path("cmkit.db")}.\nRestore it, or make a registry with \`cmkit init DIR\`.\n`,
    );
  });

  it("refuses a set-up of another store, a file that is no configuration, and a record key that is none", async () => {
    const { dir, config } = await registryHome();
    expect((await cmkit(["init", dir, "--store", "sqlite:other.db"])).stderr).toContain("is there and names another store.");
    writeFileSync(config, "{}");
    expect((await cmkit(["init", dir])).stderr).toContain("is not the configuration of a registry");
    const another = scratch();
    writeFileSync(join(another, "record.key"), "short");
    expect((await cmkit(["init", another])).stderr).toContain("is not a record key: expected 32 bytes, got 5.");
    expect(existsSync(join(another, "cmkit.json"))).toBe(false);
  });

  it("refuses the store of a `cmkit dev`", async () => {
    const dir = scratch();
    const store = sqliteStore(join(dir, "cmkit.db"), { development: true });
    await store.ready();
    await store.close();
    const { exitCode, stderr } = await cmkit(["init", dir]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is the store of a `cmkit dev`.");
    expect(readdirSync(dir)).toEqual(["cmkit.db"]);
  });

  it("refuses what is no store without repeating it, and a directory that cannot be one", async () => {
    const dir = scratch();
    const wrong = await cmkit(["init", dir, "--store", "mysql://me:PRIVATE@db/x"]);
    expect(wrong).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "cmkit: --store: expected sqlite:FILE or postgres://…, got another string.\n",
    });
    writeFileSync(join(dir, "file"), "");
    expect((await cmkit(["init", join(dir, "file")])).stderr).toMatch(/^cmkit: .*file cannot be made \(EEXIST\)\./);
  });
});
