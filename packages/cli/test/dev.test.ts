import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Kms, multiCloudKms, type WrappedKey } from "@cmkit/core";
import { emulatorControl, type EmulatorControl } from "@cmkit/emulators";
import { describe, expect, it, onTestFinished } from "vitest";

import type { DevKeys } from "../src/dev-keys.ts";
import { type DevFile, devAdapters, readDevFile } from "../src/index.ts";
import { cmkit } from "./command.ts";
import { startDev } from "./dev-process.ts";
import { areFree, freePorts } from "./free-ports.ts";
import { scratch } from "./scratch.ts";
import { devSeedText, seeded } from "./seeded.ts";

const context = { tenant: "acme" };
const timeoutMs = 30_000; // the SDKs are imported in it as well
const slow = { timeout: 180_000 }; // RSA keys are made
const clean = { exitCode: 0, signal: null, stderr: "" };
const kept = ["cmkit.dev.db", "cmkit.dev.seed.json"];
const providers = ["aws", "gcp", "azure", "oci"] as const;

/** The parts of a seed file that tests look at. */
interface Seed {
  readonly recordKey: string;
  readonly aws: { readonly principals: [{ readonly secretAccessKey: string }] };
  readonly gcp: { readonly principals: [{ readonly accessToken: string }] };
  readonly azure: object;
  readonly oci: object;
}

function makingKeys(clouds: string): string {
  return `cmkit: making keys for ${clouds}: a few seconds, and only this once.\n`;
}

function controlOf(dev: DevFile, provider: (typeof providers)[number]): Pick<EmulatorControl, "rotate"> {
  const { endpoint: url, controlToken } = dev[provider];
  return emulatorControl({ url, controlToken, ...(provider === "azure" ? { ca: dev.azure.ca } : {}) });
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

async function kmsOf(file: string): Promise<Kms> {
  const kms = multiCloudKms({ adapters: await devAdapters(file) });
  onTestFinished(async () => kms.close());
  return kms;
}

describe("cmkit dev, as a process", () => {
  it("serves keys of four clouds through its file until SIGINT, and opens the same wraps after a restart", slow, async () => {
    const dir = join(scratch(), "made", "by it");
    const file = join(dir, "cmkit.dev.json");
    const seedFile = join(dir, "cmkit.dev.seed.json");
    const storeFile = join(dir, "cmkit.dev.db");
    const first = await startDev("--dir", dir);
    const dev = await readDevFile(file);
    expect(JSON.parse(first.ready)).toEqual({
      pid: first.pid,
      file,
      seedFile,
      storeFile,
      aws: { endpoint: dev.aws.endpoint, region: dev.aws.region, keys: dev.aws.keys },
      gcp: { endpoint: dev.gcp.endpoint, grpcEndpoint: dev.gcp.grpcEndpoint, keys: dev.gcp.keys },
      azure: { endpoint: dev.azure.endpoint, tenantId: dev.azure.tenantId, keys: dev.azure.keys },
      oci: { endpoint: dev.oci.endpoint, keys: dev.oci.keys },
      server: { url: dev.server.url },
    });
    expect(dev.pid).toBe(first.pid);
    expect(new Set(readdirSync(dir).map((name) => mode(join(dir, name))))).toEqual(new Set(["600"]));
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(["cmkit.dev.json", ...kept]));

    const key = new Uint8Array(randomBytes(32));
    const kms = await kmsOf(file);
    const wrapAll = async (names: readonly (keyof DevKeys)[]): Promise<WrappedKey[]> =>
      Promise.all(
        providers.flatMap((provider) =>
          names.map(async (name) =>
            kms.open({ provider, resource: dev[provider].keys[name] }).wrapKey(key, context, { timeoutMs }),
          ),
        ),
      );
    const wraps = await wrapAll(["rsa2048", "rsa4096", "symmetric"]);
    expect(wraps.map(({ kind }) => kind)).toEqual(providers.flatMap(() => ["rsa", "rsa", "symmetric"]));
    // What is changed while it runs is kept as well.
    for (const provider of providers) await controlOf(dev, provider).rotate(dev[provider].keys.symmetric);
    const rotated = await wrapAll(["symmetric"]);

    expect(await first.end("SIGINT", "SIGINT")).toEqual({ ...clean, stderr: makingKeys("aws, gcp, azure, oci") });
    expect(readdirSync(dir).sort()).toEqual(kept);

    const second = await startDev("--dir", dir);
    const again = await readDevFile(file);
    expect(again.recordKey).toEqual(dev.recordKey);
    const reopened = await kmsOf(file);
    for (const provider of providers) {
      expect(again[provider].keys).toEqual(dev[provider].keys);
      expect(again[provider].controlToken).not.toBe(dev[provider].controlToken);
    }
    for (const wrapped of [...wraps, ...rotated]) {
      expect(await reopened.open(wrapped.cmk).unwrapKey(wrapped, context, { timeoutMs })).toEqual(key);
    }
    const doctor = await cmkit(["doctor", "--dev", file]);
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toMatch(/^ok +dev registry +ready$/m);
    for (const provider of providers) {
      expect(doctor.stdout).toMatch(new RegExp(`^ok +dev ${provider} rsa4096 +enabled, rsa 4096, emulated$`, "m"));
      expect(doctor.stdout).toMatch(new RegExp(`^ok +dev ${provider} symmetric +enabled, symmetric 256, emulated$`, "m"));
    }

    expect(await second.end("SIGTERM")).toEqual(clean);
    expect(existsSync(file)).toBe(false);
  });

  it("prints the next step for a person, and no secret in either form", slow, async () => {
    const dir = await seeded();
    const running = await startDev("--dir", dir);
    const { recordKey, aws, gcp, azure, oci, server } = await readDevFile(join(dir, "cmkit.dev.json"));
    const human = await whileAnother(dir);
    const secrets = [
      Buffer.from(recordKey).toString("base64url"),
      ...[aws, gcp, azure, oci].map(({ controlToken }) => controlToken),
      aws.credentials.secretAccessKey,
      gcp.credentials.accessToken,
      ...Object.values(azure.accessTokens),
      oci.credentials.fingerprint,
      oci.credentials.privateKey,
      oci.credentials.privateKey.slice(40, 80),
      server.token,
    ];
    for (const secret of secrets) expect(running.ready + human).not.toContain(secret);
    expect(await running.end("SIGTERM")).toEqual(clean);
  });

  it("adds the clouds that a seed of an earlier version lacks, and keeps the keys that it has", slow, async () => {
    const dir = scratch();
    const seedFile = join(dir, "cmkit.dev.seed.json");
    const { recordKey, aws } = JSON.parse(await devSeedText()) as { recordKey: string; aws: object };
    writeFileSync(seedFile, JSON.stringify({ cmkitDevSeed: 1, recordKey, aws }));
    const running = await startDev("--dir", dir);
    const dev = await readDevFile(join(dir, "cmkit.dev.json"));
    expect(Buffer.from(dev.recordKey).toString("base64url")).toBe(recordKey);
    const stored = JSON.stringify(aws);
    for (const key of Object.values(dev.aws.keys)) expect(stored).toContain(key.split("/")[1]);
    expect(await running.end("SIGTERM")).toEqual({ ...clean, stderr: makingKeys("gcp, azure, oci") });
    expect(Object.keys(JSON.parse(readFileSync(seedFile, "utf8")) as object)).toEqual([
      "cmkitDevSeed",
      "recordKey",
      "aws",
      "gcp",
      "azure",
      "oci",
    ]);
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
    const dir = await seeded();
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
  it("prints where each listens, its files, its keys and a next step, and nothing secret", slow, async () => {
    const dir = scratch();
    const { exitCode, stdout, stderr } = await cmkit(["dev"], { cwd: dir });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: makingKeys("aws, gcp, azure, oci") });
    for (const line of [
      /^aws +endpoint +http:\/\/127\.0\.0\.1:\d+\n +rsa2048 +arn:aws:kms:us-east-1:\d{12}:key\/[\w-]+$/m,
      /^gcp +endpoint +http:\/\/127\.0\.0\.1:\d+\n +gRPC +http:\/\/127\.0\.0\.1:\d+\n +rsa2048 +projects\/[\w/-]+$/m,
      /^azure +endpoint +https:\/\/127\.0\.0\.1:\d+\n +rsa2048 +https:\/\/[\w-]+\.vault\.azure\.net\/keys\/[\w-]+$/m,
      /^oci +endpoint +http:\/\/127\.0\.0\.1:\d+\n +rsa2048 +ocid1\.key\.oc1\.[\w.-]+$/m,
      /^registry +endpoint +http:\/\/127\.0\.0\.1:\d+$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).toContain(join(dir, "cmkit.dev.seed.json"));
    expect(stdout).toMatch(/\nNext, in another terminal: npx cmkit doctor --dev \/.*cmkit\.dev\.json\n$/);
    const seed = JSON.parse(readFileSync(join(dir, "cmkit.dev.seed.json"), "utf8")) as Seed;
    expect(stdout).not.toContain(seed.recordKey);
    expect(stdout).not.toContain(seed.aws.principals[0].secretAccessKey);
    expect(stdout).not.toContain(seed.gcp.principals[0].accessToken);
  });

  it.each<[name: string, damaged: (seed: Seed) => unknown, reason: RegExp]>([
    ["half of it", (seed) => JSON.stringify(seed).slice(0, -100), /expected JSON, got something else/],
    ["another file", () => ({ cloud: "aws" }), /file: expected the field cmkitDevSeed, got none/],
    ["one of a later version", (seed) => ({ ...seed, cmkitDevSeed: 3 }), /cmkitDevSeed: expected 2, got 3/],
    ["a short record key", (seed) => ({ ...seed, recordKey: "short" }), /recordKey: expected 32 bytes in base64url, got another/],
    [
      "no principal",
      (seed) => ({ ...seed, aws: { ...seed.aws, principals: [] } }),
      /seed\.principals: expected at least one principal, got none/,
    ],
    ...providers.map((provider): [string, (seed: Seed) => unknown, RegExp] => [
      `no keys for ${provider}`,
      (seed) => ({ ...seed, [provider]: { ...seed[provider], keys: [] } }),
      /expected one key (?:with alias\/|named )cmkit-rsa-2048, got (?:0|none)\./,
    ]),
    [
      "damaged key material",
      (seed) => JSON.parse(JSON.stringify(seed).replace(/"material":"[^"]+"/, '"material":"PRIVATE"')) as unknown,
      /expected a PKCS#8 PEM of an RSA key, got another string/,
    ],
  ])("refuses a seed that is %s, closes what has started, and leaves it as it is", async (_name, damaged, reason) => {
    const dir = scratch();
    const content = damaged(JSON.parse(await devSeedText()) as Seed);
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(dir, "cmkit.dev.seed.json"), text);
    const first = await freePorts();
    const { exitCode, stdout, stderr } = await cmkit(["dev", "--dir", dir, "--port", String(first)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(
      /^cmkit: .* is not a seed of `cmkit dev`: .*\nRestore it, or move it away to begin with new keys: .*\n$/,
    );
    expect(stderr).not.toContain("PRIVATE");
    expect(await areFree(first)).toBe(true);
    // Nothing is overwritten, and no file claims that it runs.
    expect(readFileSync(join(dir, "cmkit.dev.seed.json"), "utf8")).toBe(text);
    expect(readdirSync(dir)).toEqual(["cmkit.dev.seed.json"]);
  });

  it("listens on the port that is given and the five after it, and refuses one that is in use", async () => {
    const dir = await seeded();
    const first = await freePorts();
    const running = await startDev("--dir", dir, "--port", String(first));
    const { aws, gcp, azure, oci, server } = await readDevFile(join(dir, "cmkit.dev.json"));
    const endpoints = [aws.endpoint, gcp.endpoint, azure.endpoint, oci.endpoint, gcp.grpcEndpoint, server.url];
    expect(endpoints.map((endpoint) => Number(new URL(endpoint).port) - first)).toEqual([0, 1, 2, 3, 4, 5]);
    const used = await cmkit(["dev", "--dir", scratch(), "--port", String(first)]);
    expect(used).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `cmkit: Port ${first} (AWS) is in use.\nGive another with --port, of which the five after it are free too; or leave --port out for any free ones.\n`,
    });
    expect(await running.end("SIGTERM")).toEqual(clean);
    expect(await areFree(first)).toBe(true);
  });

  it("that is asked to end while it makes keys keeps them and does not say that it is ready", async () => {
    const dir = await seeded();
    expect(await cmkit(["dev", "--dir", dir], { untilAskedToEnd: async () => {} })).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `cmkit: ended before it was ready; its keys are in ${join(dir, "cmkit.dev.seed.json")}.\n`,
    });
    expect(readdirSync(dir)).toEqual(["cmkit.dev.seed.json"]);
  });

  it("refuses a directory that is a file", async () => {
    const file = join(await seeded(), "cmkit.dev.seed.json");
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
    const dir = await seeded();
    const file = join(dir, "cmkit.dev.json");
    const running = await startDev("--dir", dir);
    const { aws } = await readDevFile(file);
    const others = readFileSync(file, "utf8").replace(aws.controlToken, "another-token-of-another");
    writeFileSync(file, others);
    expect(await running.end("SIGTERM")).toEqual(clean);
    expect(readFileSync(file, "utf8")).toBe(others);
  });
});
