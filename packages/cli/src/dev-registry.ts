import { isKmsError, type KmsAdapter } from "@cmkit/core";

import type { Deps, Io } from "./deps.ts";
import { devAccessors } from "./dev-accessors.ts";
import { adaptersFor } from "./dev-adapters.ts";
import type { DevClouds } from "./dev-file.ts";
import type { DevSeed } from "./dev-seed.ts";
import type { DevServer } from "./dev-server.ts";
import { logLines } from "./log-lines.ts";
import { type OpenRegistry, registryOn } from "./server-registry.ts";
import { startServer } from "./server-start.ts";

/** The registry of a running `cmkit dev`. */
export interface DevRegistry {
  readonly server: DevServer;
  /** Revokes the token. */
  close(): Promise<void>;
}

export interface DevRegistryOptions {
  /** Of its SQLite file, which is made if absent. */
  readonly path: string;
  readonly port: number;
  readonly clouds: DevClouds;
  readonly seed: DevSeed;
}

/** Starts it. @throws {CliError} `refused`: the store is not one of `cmkit dev`, or of another seed. */
export async function devRegistry(
  { path, port, clouds, seed }: DevRegistryOptions,
  deps: Pick<Deps, "user">,
  io: Pick<Io, "stderr">,
): Promise<DevRegistry> {
  const opened = await openedOn(path, clouds, seed);
  try {
    const actor = `cli:${deps.user}`;
    const { token, secret } = await opened.tokens.create("*", "operator", { actor });
    // A person looks on: what goes well says nothing.
    const log = logLines(io.stderr, "error");
    const server = await startServer(opened, { place: { host: "127.0.0.1", port }, log });
    const close = async (): Promise<void> => {
      await server.close();
      try {
        await opened.tokens.revoke(token.id, { actor });
      } finally {
        await opened.close();
      }
    };
    return { server: { url: server.url, token: secret }, close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openedOn(path: string, clouds: DevClouds, seed: DevSeed): Promise<OpenRegistry> {
  const address = { engine: "sqlite", path, name: path } as const;
  const settings = { address, recordKey: seed.recordKey, development: true };
  return registryOn(settings, await installed(clouds), { accessors: devAccessors(seed), sharedResources: false });
}

/** Without any adapter the emulators are of use all the same; the registry then says what to install. */
async function installed(clouds: DevClouds): Promise<readonly KmsAdapter[]> {
  return adaptersFor(clouds).catch((error: unknown) => {
    if (isKmsError(error) && error.code === "adapter-missing") return [];
    throw error;
  });
}
