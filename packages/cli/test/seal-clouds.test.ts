import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { emulatorControl, type EmulatorControl } from "@cmkit/emulators";
import { describe, expect, it, onTestFinished } from "vitest";

import { providers } from "../src/clouds.ts";
import type { Provider } from "../src/cloud.ts";
import { devEmulators } from "../src/dev-emulators.ts";
import { type DevFile, readDevFile, writeDevFile } from "../src/dev-file.ts";
import { devPorts } from "../src/dev-ports.ts";
import { completeDevSeed } from "../src/dev-seed.ts";
import { cmkit } from "./command.ts";
import { devSample } from "./dev-sample.ts";
import { seeded } from "./seeded.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const csv = "id,email\n1,ada@example.com\n2,\n";
const rows = ["--dev", "cmkit.dev.json", "--fields", "email", "--row-id", "id", "--table", "t", "--tenant", "acme"];
const untilAskedToEnd = async (): Promise<void> => new Promise(() => {});
const slow = { timeout: 180_000 }; // RSA keys are made

/** A directory with a file to seal and that of four emulators in this process. */
async function fourClouds(): Promise<{ readonly dir: string; readonly dev: DevFile }> {
  const dir = await seeded();
  const { seed } = await completeDevSeed(join(dir, "cmkit.dev.seed.json"));
  const emulators = await devEmulators(seed, devPorts(0));
  onTestFinished(async () => emulators.close());
  const { recordKey } = seed;
  const { server } = devSample(); // which nothing here asks
  await writeDevFile(join(dir, "cmkit.dev.json"), { cmkitDev: 3, pid: process.pid, recordKey, ...emulators.clouds, server });
  writeFileSync(join(dir, "in.csv"), csv);
  return { dir, dev: await readDevFile(join(dir, "cmkit.dev.json")) };
}

function controlOf(dev: DevFile, provider: Provider): Pick<EmulatorControl, "disableKey" | "deny"> {
  const { endpoint: url, controlToken } = dev[provider];
  return emulatorControl({ url, controlToken, ...(provider === "azure" ? { ca: dev.azure.ca } : {}) });
}

describe("cmkit seal and cmkit open, on each cloud", () => {
  it.each(providers)("take the symmetric key of `cmkit dev`, or one that is given: %s", slow, async (provider) => {
    const { dir, dev } = await fourClouds();
    const given = { cwd: dir, untilAskedToEnd };
    const { rsa2048 } = dev[provider].keys;
    // With threads, each of which imports the adapter; and in this one.
    for (const [name, key] of Object.entries({ symmetric: ["--jobs", "2"], rsa: ["--resource", rsa2048] })) {
      const common = [...rows, "--provider", provider, ...key];
      const sealed = await cmkit(["seal", ...common, "--in", "in.csv", "--out", name], given);
      expect(sealed).toMatchObject({ exitCode: 0 });
      expect(readFileSync(join(dir, name), "utf8")).not.toContain("ada@");
      expect(readFileSync(join(dir, `${name}.keys`), "utf8")).toContain(`"provider":"${provider}"`);
      const opened = await cmkit(["open", ...common, "--in", name, "--out", `${name}.csv`], given);
      expect(opened).toMatchObject({ exitCode: 0 });
      expect(readFileSync(join(dir, `${name}.csv`), "utf8")).toBe(csv);
    }
  });

  it("open what was sealed on one cloud and whose keys file was rewrapped to others", slow, async () => {
    const { dir, dev } = await fourClouds();
    const given = { cwd: dir, untilAskedToEnd };
    expect(await cmkit(["seal", ...rows, "--in", "in.csv", "--out", "out"], given)).toMatchObject({ exitCode: 0 });
    const { aws, azure, gcp, oci } = dev;
    const stops = [
      `aws:${aws.keys.symmetric}`,
      `azure:${azure.keys.rsa2048}`,
      `gcp:${gcp.keys.symmetric}`,
      `oci:${oci.keys.symmetric}`,
      `azure:${azure.keys.symmetric}`,
    ];
    for (const [index, to] of stops.slice(1).entries()) {
      const move = ["rewrap", "--keys", "out.keys", "--dev", "cmkit.dev.json", "--from", stops[index] ?? "", "--to", to];
      expect(await cmkit(move, given)).toMatchObject({ exitCode: 0, stderr: "" });
    }
    const open = ["open", ...rows, "--provider", "azure", "--in", "out", "--out", "back.csv"];
    expect(await cmkit(open, given)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(dir, "back.csv"), "utf8")).toBe(csv);
  });

  it("say what to do in the words of the cloud that refuses", slow, async () => {
    const { dir, dev } = await fourClouds();
    const seal = async (provider: Provider, ...more: string[]): Promise<string> =>
      (
        await cmkit(["seal", ...rows, "--provider", provider, ...more, "--in", "in.csv", "--out", "out"], {
          cwd: dir,
          untilAskedToEnd,
        })
      ).stderr;
    const words = {
      aws: ["full ARN", "key policy"],
      gcp: ["gcloud kms keys list", "roles/cloudkms.cryptoKeyEncrypterDecrypter"],
      azure: ["az keyvault key show", "Key Vault Crypto Service Encryption User"],
      oci: ["oci kms management key list", "`use keys`"],
    } as const;
    for (const provider of providers) {
      const [form, permission] = words[provider];
      expect(await seal(provider, "--resource", "nothing")).toMatch(
        new RegExp(`^cmkit: ${provider}: .*\\(invalid-resource\\)\\.\nGive with --resource .*${form}`),
      );
      const { symmetric } = dev[provider].keys;
      await controlOf(dev, provider).deny(symmetric);
      const denied = await seal(provider);
      expect(denied).toMatch(/^cmkit: .*\((?:access-denied|key-not-found)\)\.\n/);
      expect(denied).toContain(permission);
    }
  });

  it(
    "import the adapter and the SDK of the cloud that is used, and of no other; the emulators are for `cmkit dev` alone",
    slow,
    async () => {
      const { dir } = await fourClouds();
      expect(await importedBy(dir, "--version")).toEqual([]);
      expect(await importedBy(dir, "doctor")).toEqual([]);
      const sdks = { aws: "@aws-sdk/client-kms", gcp: "@google-cloud/kms", azure: "@azure/keyvault-keys", oci: "oci-common" };
      for (const provider of providers) {
        const seal = ["seal", ...rows, "--provider", provider, "--in", "in.csv", "--out", `${provider}.csv`];
        expect(await importedBy(dir, ...seal)).toEqual([sdks[provider], `@cmkit/${provider}`].toSorted());
      }
    },
  );
});

const vendors = "@aws-sdk/client-kms|@google-cloud/kms|@azure/keyvault-keys|@azure/identity|oci-common|oci-keymanagement";
const packages = new RegExp(`/node_modules/(${vendors})/|/packages/(aws|gcp|azure|oci|emulators)/src/`);

/** The adapters, SDKs and emulators that a command imports, in a process of its own. */
async function importedBy(dir: string, ...argv: string[]): Promise<string[]> {
  const log = `import { registerHooks } from "node:module"; import { appendFileSync } from "node:fs";
    registerHooks({ load(url, context, next) { appendFileSync("imported", url + "\\n"); return next(url, context); } });`;
  const file = join(dir, "imported");
  writeFileSync(file, "");
  const hooks = `--import=data:text/javascript,${encodeURIComponent(log)}`;
  await promisify(execFile)(process.execPath, ["--conditions=@cmkit/source", hooks, main, ...argv], { cwd: dir });
  const found = readFileSync(file, "utf8")
    .split("\n")
    .map((url) => packages.exec(url));
  const names = found.flatMap((match) => match?.[1] ?? (match?.[2] === undefined ? [] : `@cmkit/${match[2]}`));
  return [...new Set(names)].toSorted();
}
