// Rewraps while everything goes wrong. Usage: npm run chaos [-- --seed N] [--short] [--runs N] [--first RUN] [--minutes N] [--only RUN] [--data-keys N] [--verbose]
import { randomInt } from "node:crypto";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { seededRandom } from "../soak/seeded-random.ts";
import { Soak } from "../soak/soak.ts";
import { Campaign } from "./campaign.ts";
import { chaosRun } from "./chaos-run.ts";
import { Journal } from "./journal.ts";
import { runKinds, runPlan, runSeed, shortKinds } from "./run-plan.ts";
import { Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    short: { type: "boolean", default: false },
    runs: { type: "string" },
    first: { type: "string", default: "0" },
    minutes: { type: "string", default: "600" },
    only: { type: "string" },
    "data-keys": { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const { short } = values;
const seed = wholeNumber("--seed", values.seed);
const runs = wholeNumber("--runs", values.runs ?? (short ? String(shortKinds.length) : "200"));
const only = values.only === undefined ? undefined : wholeNumber("--only", values.only);
const dataKeys = wholeNumber("--data-keys", values["data-keys"] ?? (short ? "1500" : "20000"));
const limits = { dataKeys, emulatedDataKeys: short ? 60 : 300, events: short ? 4 : 8 };
/** Before everything is made well again. */
const lastsMs = short ? { local: 10_000, emulated: 15_000 } : { local: 60_000, emulated: 60_000 };
const first = wholeNumber("--first", values.first);
/** No run begins after this. */
const endsMs = performance.now() + wholeNumber("--minutes", values.minutes) * 60_000;
const numbers = only === undefined ? Array.from({ length: runs }, (_, at) => first + at) : [only];

process.stdout.write(`chaos: seed ${seed}\n`);
const tally = new Tally();
let problems = 0;
const base = new Soak("chaos", { seed, short, seconds: undefined });
// Hundreds of processes of the same modules.
process.env["NODE_COMPILE_CACHE"] ??= join(await base.directory(), "compiled");
const campaign = new Campaign(base, seed);
const abandon = (): void => base.abandon();
process.once("exit", abandon);
// PostgreSQL's package ends the process by itself when it is told to end: with 128 and the signal's number.
const tooEarly = (code: number): void => {
  process.stdout.write(`chaos: ended in the middle of a run, with ${code}\n`);
  process.exitCode = code || 1;
};
process.once("exit", tooEarly);
try {
  for (const number of numbers) if (performance.now() < endsMs) problems += await run(number);
} finally {
  await base.end();
  process.off("exit", abandon);
}
process.off("exit", tooEarly);
process.stdout.write(`${tally.text(seed, problems)}\n`);
process.exit(problems === 0 ? 0 : 1);

/** @returns How much was wrong. */
async function run(number: number): Promise<number> {
  const own = runSeed(seed, number);
  const kinds = short ? shortKinds : runKinds;
  const kind = kinds[number % kinds.length] ?? runKinds[0];
  const plan = runPlan(own, kind, limits, seededRandom(own));
  const soak = new Soak(`run-${number}`, { seed: own, short, seconds: undefined });
  const abandonRun = (): void => soak.abandon();
  process.once("exit", abandonRun);
  const started = performance.now();
  const journal = new Journal();
  try {
    await chaosRun({ campaign, soak, plan, journal }, lastsMs[plan.clouds], tally);
  } catch (error) {
    soak.problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await soak.end();
    process.off("exit", abandonRun);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { engine, clouds, route, hasRival } = plan;
  soak.progress(`${engine}, ${clouds}, ${route}${hasRival ? ", two operators" : ""}: ${seconds} s, load ${load()}`);
  if (soak.problems.length > 0 || values.verbose) tellAll(number, plan, journal.lines);
  return soak.problems.length;
}

/** What makes the same run again, as far as chance allows, and what happened in it. */
function tellAll(number: number, plan: object, journal: readonly string[]): void {
  const again = `--seed ${seed} --only ${number}${short ? " --short" : ""} --data-keys ${dataKeys}`;
  process.stdout.write(`chaos: run ${number}: ${again}\n${JSON.stringify(plan)}\n${journal.join("\n")}\n`);
}

function load(): string {
  return `${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : usage(`${name} to be a whole number`);
}

function usage(expected: string): never {
  process.stderr.write(`chaos: expected ${expected}\n`);
  process.exit(2);
}
