import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { readDevFile } from "@cmkit/cli";
import { emulatorControl } from "@cmkit/emulators";
import type { Cmk } from "@cmkit/core";

/** A running `cmkit dev`: four emulated clouds, each with an RSA-2048, an RSA-4096 and a symmetric key, and a registry. */
export interface DemoClouds extends AsyncDisposable {
  /** Its cmkit.dev.json. */
  readonly file: string;
  readonly keys: readonly { readonly kind: string; readonly cmk: Cmk }[];
  /** The customer disables a key. */
  disable(cmk: Cmk): Promise<void>;
  enable(cmk: Cmk): Promise<void>;
  /** Takes a key in the registry away from four processes that read and write. @returns What `cmkit drill` printed, and whether they stopped in time. */
  drill(cmk: Cmk, ttlMs: number): Promise<{ readonly report: string; readonly passed: boolean }>;
}

const providers = ["aws", "gcp", "azure", "oci"] as const;
const kinds = { rsa2048: "RSA-2048", rsa4096: "RSA-4096", symmetric: "symmetric" } as const;
const project = "drill";
const cli = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

export async function demoClouds(): Promise<DemoClouds> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  const dev = command(["dev", "--dir", directory, "--json"]);
  const ended = once(dev, "exit");
  await Promise.race([once(createInterface({ input: dev.stdout }), "line"), ended]);
  const file = `${directory}/cmkit.dev.json`;
  const { server, ...clouds } = await readDevFile(file);
  const controlOf = ({ provider }: Cmk) => {
    const { endpoint: url, controlToken, ...place } = clouds[provider as (typeof providers)[number]];
    return emulatorControl({ url, controlToken, ...("ca" in place ? { ca: place.ca } : {}) });
  };
  return {
    file,
    keys: providers.flatMap((provider) =>
      Object.entries(kinds).map(([name, kind]) => ({
        kind,
        cmk: { provider, resource: clouds[provider].keys[name as keyof typeof kinds] },
      })),
    ),
    disable: async (cmk) => controlOf(cmk).disableKey(cmk.resource),
    enable: async (cmk) => controlOf(cmk).enableKey(cmk.resource),
    drill: async (cmk, ttlMs) => {
      const answer = await fetch(`${server.url}/v1/project/${project}/secrets/cmks`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
        body: JSON.stringify({ ...cmk, default_cmk: true }),
      });
      const { id } = ((await answer.json()) as { readonly cmk: { readonly id: string } }).cmk;
      const asked = ["--dev", file, "--project", project, "--cmk-id", id, "--ttl", `${ttlMs / 1000}s`, "--processes", "4"];
      const drill = command(["drill", ...asked]);
      const [report, [exitCode]] = await Promise.all([text(drill.stdout), once(drill, "exit") as Promise<[number | null]>]);
      return { report: report.trimEnd(), passed: exitCode === 0 };
    },
    async [Symbol.asyncDispose]() {
      dev.kill("SIGINT");
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}

/** What it tells of its progress goes to no terminal. */
function command(args: readonly string[]) {
  return spawn(process.execPath, ["--conditions=@cmkit/source", cli, ...args], { stdio: ["ignore", "pipe", "ignore"] });
}
