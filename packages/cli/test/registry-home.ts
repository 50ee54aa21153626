import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import { cmkit, type Given, type Outcome } from "./command.ts";
import { scratch } from "./scratch.ts";

const untilKilled = async (): Promise<void> => new Promise(() => {});

/** A set-up that `cmkit init` made. */
export interface RegistryHome {
  readonly dir: string;
  /** Of its cmkit.json. */
  readonly config: string;
  path(name: string): string;
  /** Runs a command with `--config`, in the directory, until it ends by itself. */
  cmkit(argv: readonly string[], given?: Given): Promise<Outcome>;
  /** Makes a token. */
  token(project?: string, role?: "viewer" | "operator"): Promise<{ readonly id: string; readonly token: string }>;
  /** Changes fields of cmkit.json. */
  configure(changed: Readonly<Record<string, unknown>>): void;
}

export async function registryHome(): Promise<RegistryHome> {
  const dir = scratch();
  const config = join(dir, "cmkit.json");
  const { exitCode, stderr } = await cmkit(["init", dir]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const run: RegistryHome["cmkit"] = async (argv, given = {}) =>
    cmkit([...argv, "--config", config], { cwd: dir, untilAskedToEnd: untilKilled, ...given });
  return {
    dir,
    config,
    path: (name) => join(dir, name),
    cmkit: run,
    async token(project = "*", role = "operator") {
      const { stdout } = await run(["token", "create", "--project", project, "--role", role, "--json"]);
      return JSON.parse(stdout) as { id: string; token: string };
    },
    configure(changed) {
      const found = JSON.parse(readFileSync(config, "utf8")) as object;
      writeFileSync(config, JSON.stringify({ ...found, ...changed }));
    },
  };
}
