import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { defaultAwsSeed, defaultAzureSeed, defaultGcpSeed, defaultOciSeed } from "@cmkit/emulators";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";

import { writeDevFile } from "../src/dev-file.ts";
import { type DevRegistry, devRegistry } from "../src/dev-registry.ts";
import type { DevSeed } from "../src/dev-seed.ts";
import { cmkit, type Outcome } from "./command.ts";
import { devSample } from "./dev-sample.ts";
import { scratch } from "./scratch.ts";

/** The directory of a `cmkit dev` whose emulators nobody asks. */
function workplace() {
  const dir = scratch();
  const sample = devSample();
  const seed: DevSeed = {
    recordKey: new Uint8Array(randomBytes(32)),
    aws: defaultAwsSeed(),
    gcp: defaultGcpSeed(),
    azure: defaultAzureSeed(),
    oci: defaultOciSeed(),
  };
  const path = join(dir, "cmkit.dev.db");
  let printed = "";
  const io = {
    stdin: (async function* () {})(),
    stdinIsTerminal: false,
    stdout: () => {},
    stdoutBytes: async () => {},
    stderr: (text: string) => void (printed += text),
    terminal: undefined,
  };
  return {
    dir,
    path,
    seed,
    printed: () => printed,
    start: async (changed: Partial<DevSeed> = {}): Promise<DevRegistry> => {
      const deps = { user: "ada" };
      const registry = await devRegistry({ path, port: 0, clouds: sample, seed: { ...seed, ...changed } }, deps, io);
      await writeDevFile(join(dir, "cmkit.dev.json"), { ...sample, recordKey: seed.recordKey, server: registry.server });
      return registry;
    },
    cmkit: async (...argv: readonly string[]): Promise<Outcome> => cmkit([...argv, "--dev", "cmkit.dev.json"], { cwd: dir }),
  };
}

const key = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";

describe("the registry of cmkit dev", () => {
  it("is reached by commands through --dev, and keeps what it has for the next start, but its token", async () => {
    const { path, start, cmkit: run, printed } = workplace();
    const first = await start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const create = ["cmks", "create", "--project", "acme", "--provider", "aws", "--resource", key];
    expect(await run(...create)).toMatchObject({ exitCode: 0, stderr: "" });
    await first.close();
    const second = await start();
    onTestFinished(async () => second.close());
    expect(second.server.token).not.toBe(first.server.token);
    expect((await run("cmks", "list", "--project", "acme")).stdout).toContain(key);
    const tokens = JSON.parse((await run("token", "list", "--json")).stdout) as { project: string; revoked_at: string | null }[];
    expect(tokens.map(({ project, revoked_at: at }) => [project, at === null])).toEqual([
      ["*", false],
      ["*", true],
    ]);
    expect((await run("audit", "verify")).exitCode).toBe(0);
    expect(printed()).toBe("");
  });

  it("has whom the emulators know as accessors", async () => {
    const { start, seed, cmkit: run } = workplace();
    const registry = await start();
    onTestFinished(async () => registry.close());
    const accessors = JSON.parse((await run("cmks", "accessors", "--project", "acme", "--json")).stdout) as object;
    expect(accessors).toMatchObject({
      aws: { principal: seed.aws.principals[0]?.arn },
      gcp: { access_group: seed.gcp.principals[0]?.email },
      azure: { app_id: seed.azure.principals[0]?.appId },
      oci: {
        access_group: expect.stringMatching(/^ocid1\.group\./) as string,
        access_tenant: seed.oci.principals[0]?.tenancy,
      },
    });
  });

  it("refuses a store that is not one of `cmkit dev`, and leaves it as it was", async () => {
    const { path, start } = workplace();
    const store = sqliteStore(path);
    await store.ready();
    await store.close();
    await expect(start()).rejects.toThrow(`${path} is not a store of \`cmkit dev\`.`);
    const again = sqliteStore(path);
    expect(await again.isDevelopment()).toBe(false);
    expect(await again.reads.tokens()).toEqual([]);
    await again.close();
  });

  it("refuses the store of another seed, whose rows carry other tags", async () => {
    const { start, path } = workplace();
    await (await start()).close();
    await expect(start({ recordKey: new Uint8Array(32) })).rejects.toThrow(/cmkit\.dev\.db was made with another seed/);
    expect(existsSync(path)).toBe(true);
  });
});
