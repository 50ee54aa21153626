import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { unexpectedAnswer } from "./registry-answer.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { ConnectionOptions } from "./registry-options.ts";
import { serverClient, serverToken, serverUrl } from "./registry-server.ts";

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
  const client = await connect(options, deps);
  try {
    return await run(options, client, io);
  } catch (error) {
    // Only the readers of answers throw it: whatever the person gave is checked before.
    throw error instanceof TypeError ? unexpectedAnswer(client.way, error.message) : error;
  } finally {
    await client.close();
  }
}

/**
 * The registry that the options name: a server, or a store that this process opens.
 *
 * @throws {CliError} `bad-usage`: none, more than one, or a URL to which no token may go. `refused`: it cannot be opened.
 */
export async function connect(options: ConnectionOptions, deps: Deps): Promise<RegistryClient> {
  const { url, config, store, recordKey, dev } = options;
  const given = Object.entries({ url, config, store, dev }).filter(([, value]) => value !== undefined);
  if (given.length > 1) throw usage(`expected one of ${given.map(([name]) => `--${name}`).join(" and ")}.`);
  if ((store === undefined) !== (recordKey === undefined)) throw usage("expected --store and --record-key together.");
  const address = url ?? (given.length === 0 ? deps.env["CMKIT_URL"] : undefined);
  if (address !== undefined && address !== "") {
    const flag = url === undefined ? "CMKIT_URL" : "--url";
    return serverClient({ url: serverUrl(address, flag, deps.env), token: serverToken(deps.env) });
  }
  if (given.length === 0) throw nowhere();
  // Loaded only now: a server's client starts without a store.
  const { storeClient } = await import("./registry-in-process.ts");
  return storeClient(options, deps);
}

function usage(what: string): CliError {
  return new CliError("bad-usage", what, "See `cmkit cmks --help`.");
}

function nowhere(): CliError {
  return new CliError(
    "bad-usage",
    "expected --config, --url, --store or --dev: where the registry is.",
    "Make one with `cmkit init DIR` and give --config DIR/cmkit.json; or give --url URL (or CMKIT_URL) of a server, with its token " +
      "in CMKIT_TOKEN; or --store sqlite:FILE --record-key FILE; or --dev cmkit.dev.json of a running `cmkit dev`.",
  );
}
