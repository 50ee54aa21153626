import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";

import { logLines } from "../src/log-lines.ts";
import { readRegistryConfig } from "../src/registry-config.ts";
import { openRegistry, type OpenRegistry } from "../src/server-registry.ts";
import { startServer } from "../src/server-start.ts";
import type { Given, Outcome } from "./command.ts";
import { workshop, type Workshop } from "./workshop.ts";

/** A set-up of `cmkit init` whose keys are those of an emulator of AWS in this process. */
export interface RegistrySetup extends Pick<Workshop, "emulator" | "key" | "path"> {
  readonly cmkit: Run;
  readonly write: (name: string, content: string | Uint8Array) => void;
  /** Opens it as an application would. */
  readonly registry: () => Promise<OpenRegistry>;
  /** Serves it; gives how a command of the registry is run against the server. */
  readonly serve: (role: "viewer" | "operator", project: string) => Promise<Run>;
}

type Run = (argv: readonly string[], given?: Given) => Promise<Outcome>;

export const principal = "arn:aws:iam::444455556666:role/cmkit";

export async function registrySetup(): Promise<RegistrySetup> {
  const shop = await workshop();
  expect(await shop.cmkit(["init", "."])).toMatchObject({ exitCode: 0 });
  const path = shop.path("cmkit.json");
  const made = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...made, accessors: { aws: { principal } }, dev: "cmkit.dev.json" }));
  const open = async (): Promise<OpenRegistry> => {
    const opened = await openRegistry(await readRegistryConfig({ path: join(shop.dir, "cmkit.json"), name: "cmkit.json" }));
    onTestFinished(async () => opened.close());
    return opened;
  };
  const { emulator, key } = shop;
  return {
    emulator,
    key,
    path: (name) => shop.path(name),
    cmkit: async (argv, given) => shop.cmkit(argv, given),
    write: (name, content) => shop.write(name, content),
    registry: open,
    serve: async (role, project) => {
      const opened = await open();
      const { secret } = await opened.tokens.create(project, role);
      const server = await startServer(opened, { place: { host: "127.0.0.1", port: 0 }, log: logLines(() => {}) });
      onTestFinished(async () => server.close());
      const env = { CMKIT_TOKEN: secret };
      return async (argv, given = {}) => shop.cmkit([...argv, "--url", server.url], { env, ...given });
    },
  };
}
