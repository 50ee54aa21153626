import { type Command, InvalidArgumentError } from "commander";

import type { Deps, Io } from "./deps.ts";
import { connected } from "./registry-connection.ts";
import { perhapsInProject, withConnection } from "./registry-options.ts";
import { isOfFile, ofRegistry, type RewrapOptions } from "./rewrap-options.ts";

/** Adds `cmkit rewrap`. `done` is handed the exit code. */
export function addRewrapCommand(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command("rewrap")
    .description("Move data keys from one key to another, or to its current version. The data stays as it is.");
  perhapsInProject(command)
    .option("--keys <file>", "not a registry's data keys but those in a file of `cmkit seal`; see below")
    .requiredOption("--from <key>", "the key that they leave, by its id; operator: your own, before the project had one")
    .option("--to <key>", "the key that they move to, by its id")
    .option("--stale-versions", "in place of --to: from older versions of --from to its current one")
    .option("--rate <n/s>", "requests a second to a cloud, of all processes together (default: by its quota)", rate)
    .option(
      "--concurrency <n>",
      "data keys that are worked on at a time in one process (default: 32, with --keys 8)",
      concurrency,
    )
    .option("--dry-run", "count them, ask no cloud about --to, and change nothing");
  withConnection(command, help).action(async (options: RewrapOptions) => {
    if (isOfFile(options)) {
      // Loaded only now: registries are rewrapped without it.
      const { rewrapFileCommand } = await import("./rewrap-file-command.ts");
      return done(await rewrapFileCommand(options, deps, io));
    }
    const { rewrapCommand } = await import("./rewrap-command.ts");
    done(await connected(rewrapCommand(deps), ofRegistry(options), deps, io));
  });
}

const help = `
--to becomes the default if --from was it, and --from becomes old: it still opens, and wraps no
more. --to has to be current: \`cmkit cmks check\` first. With --stale-versions neither changes.

With --url or --dev the server does the work, and goes on after Ctrl-C. With --config or --store
this process does. Start it as often and on as many machines as you like, stop it anywhere: what
is left is found again. A data key that fails stands in nobody's way; the end names it. Exit code
1 when any is left.

With --keys the data keys of files are moved, and --from and --to are PROVIDER:RESOURCE, such as
aws:arn:aws:kms:…; also needed is --record-key, as for \`cmkit seal\`, or --dev.

Afterwards \`cmkit retire\` proves that nothing depends on --from any more. Who could unwrap with
the old key until now may have kept data keys: after a compromise, encrypt the data anew.

Examples:
  cmkit rewrap --config cmkit.json --project acme --from 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f \\
    --to 0d1c2b3a-4f5e-4d6c-8b7a-9f8e7d6c5b4a --rate 100/s
  cmkit rewrap --url https://keys.example.com --project acme --stale-versions --dry-run \\
    --from 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f
  cmkit rewrap --keys customers.sealed.csv.keys --record-key record.key \\
    --from aws:arn:aws:kms:eu-central-1:111122223333:key/… \\
    --to azure:https://acme.vault.azure.net/keys/crm`;

const maxRate = 1_000_000;

function rate(text: string): number {
  const value = /^\d{1,7}(?:\/s)?$/.test(text) ? Number.parseInt(text, 10) : 0;
  if (value < 1 || value > maxRate) {
    throw new InvalidArgumentError("Expected requests a second, such as 100/s, from 1 to 1,000,000.");
  }
  return value;
}

const maxConcurrency = 1000;

function concurrency(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > maxConcurrency) {
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${maxConcurrency}.`);
  }
  return value;
}
