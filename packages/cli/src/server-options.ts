import type { Command } from "commander";

/** Adds the options that name a store, for commands that work on it without a server. */
export function withStore(command: Command): Command {
  return command
    .option("--config <file>", "a cmkit.json, as `cmkit init` makes it")
    .option("--store <store>", "sqlite:FILE or postgres://…, without a cmkit.json")
    .option("--record-key <file>", "with --store: the 32 bytes that its rows are tagged with")
    .option("--dev <file>", "the store of a running `cmkit dev`: its cmkit.dev.json");
}

/** For help texts. */
export const storeHelp = `
One of --config, --dev, and --store with --record-key says where the store is. It is opened
directly: no server is needed, and one may be running.`;
