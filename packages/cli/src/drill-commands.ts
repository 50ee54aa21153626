import { type Command, InvalidArgumentError, Option } from "commander";

import type { Deps, Io } from "./deps.ts";
import type { DrillOptions } from "./drill-command.ts";
import { ofCmk } from "./registry-options.ts";
import { withStore } from "./server-options.ts";

/** Adds `cmkit drill`. */
export function addDrillCommand(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const command = ofCmk(program.command("drill"))
    .addOption(new Option("--ttl <time>", "of the data keys: such as 500ms, 5s or 30m").argParser(ttl).default(5000, "5s"))
    .option("--processes <n>", "how many; every other one reads, the rest write", processes, 4)
    .option("--real", "have the customer take the key away, and wait for it")
    .addOption(new Option("--url <url>").hideHelp()); // to say why not
  withStore(command.option("--json", "print JSON"))
    .description("Take a key away from processes that read and write, and say when each of them stopped.")
    .addHelpText("after", help)
    .action(async (options: DrillOptions) => {
      // Loaded only now: the other commands start without it.
      const { drillCommand } = await import("./drill-command.ts");
      done(await drillCommand(options, deps, io));
    });
}

const help = `
It opens the store itself, not through a server, and needs the project's default CMK. Every process
has a registry of its own with this TTL; they seal and open messages of the drill, not data of the
project. Then the key is taken away: with --dev, and with a --config that names a \`cmkit dev\`, it is
disabled in its emulator, and enabled again at the end, also after Ctrl-C. That concerns everything
else under that key. With --real the drill asks for it and waits; nothing is given back.

For each process it says how long after the request it was first refused, and how long after the
first refusal that any of them saw it still succeeded. It exits with 1 if that exceeds the TTL, or
if a process was never refused. The cloud's own delay before its first refusal is no part of it:
docs/revocation.md.

The drill's data keys stay in the store: at least one for each writer and one more, of the
service cmkit-drill.

Examples:
  cmkit drill --dev cmkit.dev.json --project P --cmk-id ID
  cmkit drill --config DIR/cmkit.json --project P --cmk-id ID --ttl 30s --processes 8 --real
  cmkit drill --config DIR/cmkit.json --project P --cmk-id ID --json`;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
const maxTtlMs = 30 * 60_000;

function ttl(text: string): number {
  const { count = "", unit = "" } = /^(?<count>\d{1,7})(?<unit>ms|s|m)$/.exec(text)?.groups ?? {};
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms < 500 || ms > maxTtlMs) throw new InvalidArgumentError("Expected a time from 500ms to 30m.");
  return ms;
}

function processes(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 2 || count > 64) throw new InvalidArgumentError("Expected a whole number from 2 to 64.");
  return count;
}
