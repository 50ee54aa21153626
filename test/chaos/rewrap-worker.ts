// A process that rewraps, begins anew whatever happens, and ends when nothing is left. Says line by line what came of it.
import { setTimeout as wait } from "node:timers/promises";
import { isKmsError } from "@cmkit/core";
import { isRegistryError } from "@cmkit/registry";

import { seededRandom } from "../soak/seeded-random.ts";
import { faultyCloud, type FaultCounts } from "./faulty-cloud.ts";
import { openChaos, project, type ChaosSetUp } from "./open-chaos.ts";
import { toldWeather } from "./weather.ts";

/** What the process is started with. */
export interface WorkerSettings {
  readonly setUp: ChaosSetUp;
  readonly seed: number;
  readonly from: string;
  /** Absent: to the current version of `from`. */
  readonly to?: string;
  readonly concurrency: number;
}

/** What it says. */
export type WorkerLine =
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly state: string; readonly remaining: number; readonly stopped?: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** Since it started. */
  | { readonly kind: "faults"; readonly counts: Readonly<Record<string, number>> };

const againMs = 200;
const faultsMs = 250;
const { setUp, seed, from, to, concurrency } = JSON.parse(process.argv[2] ?? "") as WorkerSettings;
const forecast = await toldWeather();
const counts: FaultCounts = new Map();
const random = seededRandom(seed);
const { registry, close } = await openChaos(setUp, {
  forecast,
  cloud: (cloud) => faultyCloud(cloud, forecast, random, counts),
});

// As when a machine is updated: what is under way is given up, what is done stays done.
process.once("SIGTERM", () => {
  void close().then(() => process.exit());
});
setInterval(tellFaults, faultsMs).unref();
while (!(await isDone())) await wait(againMs);
tellFaults();
await close();
process.exit();

/** A failure with a code of ours is a line; any other ends the process. */
async function isDone(): Promise<boolean> {
  try {
    const { state, remaining, stopped } = await registry.rewrap(project, { from, ...(to && { to }), concurrency });
    tell({ kind: "ended", state, remaining, ...(stopped && { stopped }) });
    return state === "done";
  } catch (error) {
    if (!isRegistryError(error) && !isKmsError(error)) throw error;
    tell({ kind: "failed", code: error.code, message: error.message });
    return false;
  }
}

function tellFaults(): void {
  tell({ kind: "faults", counts: Object.fromEntries(counts) });
}

function tell(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`); // to a pipe: synchronous
}
