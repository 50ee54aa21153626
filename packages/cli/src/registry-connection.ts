import { resolve } from "node:path";

import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { readDevFile } from "./dev-file.ts";
import { unexpectedAnswer } from "./registry-answer.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { ConnectionOptions } from "./registry-options.ts";
import { serverClient, serverToken, serverUrl } from "./registry-server.ts";
import { UnexpectedAnswer } from "./registry-wire.ts";

/** A command that asks a registry. @returns The exit code. */
export interface RegistryCommand<Options extends ConnectionOptions> {
  /** Refuses options that do not go together, before anything is opened. @throws {CliError} `bad-usage` */
  readonly check?: (options: Options, io: Io) => void;
  readonly run: (options: Options, client: RegistryClient, io: Io) => Promise<number>;
}

/** Makes an action of one. */
export type RunRegistryCommand = <Options extends ConnectionOptions>(
  command: RegistryCommand<Options>,
) => (options: Options) => Promise<void>;

/** Runs a command with the registry that its options name. */
export async function connected<Options extends ConnectionOptions>(
  { check, run }: RegistryCommand<Options>,
  options: Options,
  deps: Deps,
  io: Io,
): Promise<number> {
  check?.(options, io);
  const client = await connect(options, deps, io);
  try {
    return await run(options, client, io);
  } catch (error) {
    throw error instanceof UnexpectedAnswer ? unexpectedAnswer(client.way, error.message) : error;
  } finally {
    await client.close();
  }
}

/**
 * The registry that the options name: a server, or a store that this process opens.
 *
 * @throws {CliError} `bad-usage`: none, more than one, or a URL to which no token may go. `refused`: it cannot be opened.
 */
export async function connect(options: ConnectionOptions, deps: Deps, io: Io): Promise<RegistryClient> {
  const { url, config, store, recordKey, dev } = options;
  const given = Object.entries({ url, config, store, dev }).filter(([, value]) => value !== undefined);
  if (given.length > 1) throw usage(`expected one of ${given.map(([name]) => `--${name}`).join(" and ")}.`);
  if ((store === undefined) !== (recordKey === undefined)) throw usage("expected --store and --record-key together.");
  const address = url ?? (given.length === 0 ? deps.env["CMKIT_URL"] || undefined : undefined);
  if (address !== undefined) {
    const flag = url === undefined ? "CMKIT_URL" : "--url";
    return serverClient({ kind: "server", url: serverUrl(address, flag, deps.env), token: serverToken(deps.env) });
  }
  if (dev !== undefined) {
    const { server } = await readDevFile(resolve(deps.cwd, dev));
    return serverClient({ kind: "dev", url: new URL(server.url), token: server.token });
  }
  if (given.length === 0) throw nowhere();
  // Loaded only now: a server's client starts without a store.
  const { storeClient } = await import("./registry-in-process.ts");
  return storeClient(options, deps, io);
}

function usage(what: string): CliError {
  return new CliError(
    "bad-usage",
    what,
    "Say where the registry is in one way: --config, --url, --dev, or --store with --record-key.",
  );
}

function nowhere(): CliError {
  return new CliError(
    "bad-usage",
    "expected --config, --url, --store or --dev: where the registry is.",
    "Make one with `cmkit init DIR` and give --config DIR/cmkit.json; or give --url URL (or CMKIT_URL) of a server, with its token " +
      "in CMKIT_TOKEN; or --store sqlite:FILE --record-key FILE; or --dev cmkit.dev.json of a running `cmkit dev`.",
  );
}
