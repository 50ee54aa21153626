import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Kms, multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { describe, expect, it, onTestFinished } from "vitest";

import { devAdapters, readDevFile } from "../src/index.ts";
import { cmkit } from "./command.ts";
import { startDev } from "./dev-process.ts";
import { scratch } from "./scratch.ts";

const context = { tenant: "acme" };
const clean = { exitCode: 0, signal: null, stderr: "" };

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

async function kmsOf(file: string): Promise<Kms> {
  const kms = multiCloudKms({ adapters: await devAdapters(file) });
  onTestFinished(async () => kms.close());
  return kms;
}

describe("cmkit dev, as a process", () => {
  it("serves keys through its file until SIGINT, and opens the same wraps after a restart", async () => {
    const dir = join(scratch(), "made", "by it");
    const file = join(dir, "cmkit.dev.json");
    const seedFile = join(dir, "cmkit.dev.seed.json");
    const first = await startDev("--dir", dir);
    const dev = await readDevFile(file);
    expect(JSON.parse(first.ready)).toEqual({
      pid: first.pid,
      file,
      seedFile,
      aws: { endpoint: dev.aws.endpoint, region: dev.aws.region, keys: dev.aws.keys },
    });
    expect(dev.pid).toBe(first.pid);
    expect([mode(file), mode(seedFile)]).toEqual(["600", "600"]);
    expect(readdirSync(dir).sort()).toEqual(["cmkit.dev.json", "cmkit.dev.seed.json"]);

    const key = new Uint8Array(randomBytes(32));
    const kms = await kmsOf(file);
    const wraps = await Promise.all(
      Object.values(dev.aws.keys).map(async (resource) => kms.open({ provider: "aws", resource }).wrapKey(key, context)),
    );
    expect(wraps.map(({ kind }) => kind)).toEqual(["rsa", "rsa", "symmetric"]);
    // What is changed while it runs is kept as well.
    const control = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
    await control.rotate(dev.aws.keys.symmetric);
    const rotated = await kms.open({ provider: "aws", resource: dev.aws.keys.symmetric }).wrapKey(key, context);

    expect(await first.end("SIGINT", "SIGINT")).toEqual(clean);
    expect(readdirSync(dir)).toEqual(["cmkit.dev.seed.json"]);

    const second = await startDev("--dir", dir);
    const again = await readDevFile(file);
    expect(again.recordKey).toEqual(dev.recordKey);
    expect(again.aws.keys).toEqual(dev.aws.keys);
    expect(again.aws.controlToken).not.toBe(dev.aws.controlToken);
    const reopened = await kmsOf(file);
    for (const wrapped of [...wraps, rotated]) {
      expect(await reopened.open(wrapped.cmk).unwrapKey(wrapped, context)).toEqual(key);
    }
    const doctor = await cmkit(["doctor", "--dev", file]);
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toMatch(/^ok +dev rsa4096 +enabled, rsa 4096, emulated$/m);

    expect(await second.end("SIGTERM")).toEqual(clean);
    expect(existsSync(file)).toBe(false);
  });

  it("prints the next step for a person, and no secret in either form", async () => {
    const dir = scratch();
    const running = await startDev("--dir", dir);
    const file = join(dir, "cmkit.dev.json");
    const { recordKey, aws } = await readDevFile(file);
    const human = await whileAnother(dir);
    const secrets = [Buffer.from(recordKey).toString("base64url"), aws.controlToken, aws.credentials.secretAccessKey];
    for (const secret of secrets) expect(running.ready + human).not.toContain(secret);
    expect(await running.end("SIGTERM")).toEqual(clean);
  });

  /** What a start in the same directory is told. */
  async function whileAnother(dir: string): Promise<string> {
    const before = readFileSync(join(dir, "cmkit.dev.json"), "utf8");
    const { exitCode, stdout, stderr } = await cmkit(["dev", "--dir", dir]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^cmkit: `cmkit dev` already runs here: process \d+, http:\/\/127\.0\.0\.1:\d+\.\nUse that one, end it with Ctrl-C, or .*--dir\.\n$/,
    );
    expect(readFileSync(join(dir, "cmkit.dev.json"), "utf8")).toBe(before);
    return stderr;
  }

  it("starts again after it was killed, with the keys that it had", async () => {
    const dir = scratch();
    const file = join(dir, "cmkit.dev.json");
    const killed = await startDev("--dir", dir);
    const { aws } = await readDevFile(file);
    expect((await killed.end("SIGKILL")).signal).toBe("SIGKILL");
    expect(existsSync(file)).toBe(true);
    const next = await startDev("--dir", dir);
    expect((await readDevFile(file)).aws.keys).toEqual(aws.keys);
    expect(await next.end("SIGHUP")).toEqual(clean);
  });
});

describe("cmkit dev", () => {
  it("prints where it listens, its files, its keys and a next step, and nothing secret", async () => {
    const dir = scratch();
    const { exitCode, stdout, stderr } = await cmkit(["dev"], { cwd: dir });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^AWS emulator +http:\/\/127\.0\.0\.1:\d+$/m);
    expect(stdout).toMatch(/^RSA 2048 key +arn:aws:kms:us-east-1:\d{12}:key\/[\w-]+$/m);
    expect(stdout).toContain(join(dir, "cmkit.dev.seed.json"));
    expect(stdout).toMatch(/\nNext, in another terminal: cmkit doctor --dev \/.*cmkit\.dev\.json\n$/);
    const seed = JSON.parse(readFileSync(join(dir, "cmkit.dev.seed.json"), "utf8")) as {
      recordKey: string;
      aws: { principals: [{ secretAccessKey: string }] };
    };
    expect(stdout).not.toContain(seed.recordKey);
    expect(stdout).not.toContain(seed.aws.principals[0].secretAccessKey);
    await refusesDamage(dir, seed);
  });

  /** Seeds that are not ones, each made from a good one. */
  async function refusesDamage(dir: string, seed: { recordKey: string; aws: object }): Promise<void> {
    const path = join(dir, "cmkit.dev.seed.json");
    const good = readFileSync(path, "utf8");
    const cases: [content: unknown, reason: RegExp][] = [
      [good.slice(0, -100), /expected JSON, got something else/],
      [{ cloud: "aws" }, /file: expected the field cmkitDevSeed, got none/],
      [{ ...seed, cmkitDevSeed: 2 }, /cmkitDevSeed: expected 1, got 2/],
      [{ ...seed, recordKey: "short" }, /recordKey: expected 32 bytes in base64url, got another string/],
      [{ ...seed, aws: { ...seed.aws, principals: [] } }, /seed\.principals: expected at least one principal, got none/],
      [{ ...seed, aws: { ...seed.aws, keys: [] } }, /expected one key with alias\/cmkit-rsa-2048, got 0/],
      [
        JSON.parse(good.replace(/"material": "[^"]+"/, '"material": "PRIVATE"')),
        /expected a PKCS#8 PEM of an RSA key, got another string/,
      ],
    ];
    for (const [content, reason] of cases) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      writeFileSync(path, text);
      const { exitCode, stdout, stderr } = await cmkit(["dev", "--dir", dir]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(reason);
      expect(stderr).toMatch(
        /^cmkit: .* is not a seed of `cmkit dev`: .*\nRestore it, or move it away to begin with new keys: .*\n$/,
      );
      expect(stderr).not.toContain("PRIVATE");
      // Nothing is overwritten, and no file claims that it runs.
      expect(readFileSync(path, "utf8")).toBe(text);
      expect(readdirSync(dir)).toEqual(["cmkit.dev.seed.json"]);
    }
    writeFileSync(path, good);
    expect((await cmkit(["dev", "--dir", dir])).exitCode).toBe(0);
  }

  it("refuses a port that is in use and a directory that is a file, and says what to do", async () => {
    const dir = scratch();
    const running = await startDev("--dir", dir);
    const port = new URL((await readDevFile(join(dir, "cmkit.dev.json"))).aws.endpoint).port;
    const used = await cmkit(["dev", "--dir", scratch(), "--port", port]);
    expect(used).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `cmkit: Port ${port} is in use.\nGive another with --port, or leave --port out for any free one.\n`,
    });
    expect(await running.end("SIGTERM")).toEqual(clean);
    const file = join(dir, "cmkit.dev.seed.json");
    expect((await cmkit(["dev", "--dir", file])).stderr).toBe(`cmkit: ${file} cannot be used as a directory (EEXIST).\n`);
  });

  it("does not replace a file that is not one of `cmkit dev`", async () => {
    const dir = scratch();
    const file = join(dir, "cmkit.dev.json");
    writeFileSync(file, "mine\n");
    const { exitCode, stderr } = await cmkit(["dev", "--dir", dir]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is not the file of a running `cmkit dev`: expected JSON, got something else");
    expect(readFileSync(file, "utf8")).toBe("mine\n");
  });

  it("leaves a file alone that another has put in place of its own", async () => {
    const dir = scratch();
    const file = join(dir, "cmkit.dev.json");
    const running = await startDev("--dir", dir);
    const { aws } = await readDevFile(file);
    const others = readFileSync(file, "utf8").replace(aws.controlToken, "another-token-of-another");
    writeFileSync(file, others);
    expect(await running.end("SIGTERM")).toEqual(clean);
    expect(readFileSync(file, "utf8")).toBe(others);
  });
});
