// Load and faults, with the real server. Usage: npm run soak [-- --only NAME] [--seconds N] [--short] [--seed N]
import { loadavg, availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { clock } from "./clock.ts";
import { diskFull } from "./disk-full.ts";
import { kill } from "./kill.ts";
import { load } from "./load.ts";
import { postgresRestart } from "./postgres-restart.ts";
import { Soak, type SoakPart } from "./soak.ts";
import { Stalls } from "./stalls.ts";
import { twoProcesses } from "./two-processes.ts";

const parts: Readonly<Record<string, SoakPart>> = {
  load,
  kill,
  "postgres-restart": postgresRestart,
  "disk-full": diskFull,
  clock,
  "two-processes": twoProcesses,
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string", default: "1" },
    short: { type: "boolean", default: false },
  },
});
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
const seed = Number(values.seed);
const names = values.only === undefined ? Object.keys(parts) : [values.only];
if (!names.every((name) => Object.hasOwn(parts, name))) usage(`--only to be one of ${Object.keys(parts).join(", ")}`);
if (seconds !== undefined && !(seconds >= 1 && seconds <= 3600)) usage("--seconds to be from 1 to 3600");
if (!Number.isSafeInteger(seed)) usage("--seed to be a whole number");

const sums = { requests: 0, acknowledged: 0, problems: 0 };
for (const name of names) {
  const part = parts[name];
  if (part !== undefined) await runPart(name, part);
}
const { requests, acknowledged, problems } = sums;
const verdict = problems === 0 ? "nothing lost" : `${problems} WRONG`;
process.stdout.write(`soak: ${names.length} parts, ${requests} requests, ${acknowledged} acknowledged writes, ${verdict}\n`);
process.exit(problems === 0 ? 0 : 1);

async function runPart(name: string, part: SoakPart): Promise<void> {
  const soak = new Soak(name, { seed, seconds, short: values.short });
  const abandon = (): void => soak.abandon();
  process.once("exit", abandon);
  const started = performance.now();
  const before = loadText();
  const stalls = new Stalls();
  try {
    const figures = await part(soak);
    const lines = Object.entries(figures).map(([figure, value]) => `  ${figure}: ${value}\n`);
    const took = Math.round((performance.now() - started) / 1000);
    process.stdout.write(`${name} (${took} s, load average ${before} before, ${loadText()} after)\n${lines.join("")}`);
    process.stdout.write(`  the clients stood still: ${stalls.end()} at most\n`);
  } catch (error) {
    soak.problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await soak.end();
    process.off("exit", abandon);
  }
  sums.requests += soak.requests;
  sums.acknowledged += soak.acknowledged;
  sums.problems += soak.problems.length;
}

/** Of the last minute, on so many cores. */
function loadText(): string {
  return `${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`;
}

function usage(expected: string): never {
  process.stderr.write(`soak: expected ${expected}\n`);
  process.exit(2);
}
