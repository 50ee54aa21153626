import { benchPostgres, type BenchPostgres } from "./bench-postgres.ts";
import { median, round3, type Row } from "./measure.ts";
import { fillProject } from "./rewrap-fill.ts";
import { replaceInBatches, replaceOneByOne } from "./rewrap-peers.ts";
import { rewrapPaceRows } from "./rewrap-pace.ts";
import { rewrapInProcesses } from "./rewrap-processes.ts";
import { openWorld, rewrapSettings, type RewrapSettings } from "./rewrap-world.ts";

const rounds = 5;
const group = "rewrap";

/** Rewraps on PostgreSQL, by a KMS that costs nothing, and by slow ones and those with a quota. */
export async function rewrapGroup({ dataKeys }: { readonly dataKeys: number }): Promise<Row[]> {
  await using postgres = await benchPostgres();
  const settings = rewrapSettings(postgres);
  {
    await using world = openWorld(settings); // makes the tables
    await world.registry.ready();
  }
  return [
    ...(await speedRows(postgres, settings, dataKeys)),
    await memoryRow(postgres, settings, dataKeys),
    await processesRow(postgres, { ...settings, latencyMs: 20 }),
    ...(await rewrapPaceRows(postgres, settings)),
  ];
}

/** In this process, turn by turn: each round has projects of its own in the one table. */
async function speedRows(postgres: BenchPostgres, settings: RewrapSettings, dataKeys: number): Promise<Row[]> {
  const each = Math.ceil(dataKeys / rounds);
  const few = Math.min(each, 10_000); // a statement a row takes its time
  const projects = [];
  for (let round = 0; round < rounds; round += 1) {
    const ours = `rewrapped-${round}`;
    projects.push({
      ours,
      cmks: await fillProject(postgres, settings, ours, each),
      batches: `batches-${round}`,
      rows: `rows-${round}`,
    });
    await fillProject(postgres, settings, `batches-${round}`, each);
    await fillProject(postgres, settings, `rows-${round}`, few);
  }
  await settle(postgres);
  await using world = openWorld(settings);
  const { registry, store } = world;
  const taken: Record<"ours" | "batches" | "rows", number>[] = [];
  for (const { ours, cmks, batches, rows } of projects) {
    taken.push({
      ours: await timed(postgres, each, async () => registry.rewrap(ours, { from: cmks.first, to: cmks.second })),
      batches: await timed(postgres, each, async () => replaceInBatches(store, batches)),
      rows: await timed(postgres, few, async () => replaceOneByOne(store, rows)),
    });
  }
  const row = (name: string, peer: "batches" | "rows"): Row => ({
    group,
    name,
    unit: "µs a data key",
    cmkit: round3(median(taken.map(({ ours }) => ours))),
    peer: round3(median(taken.map((its) => its[peer]))),
    ratio: round3(median(taken.map((its) => its.ours / its[peer]))),
    rounds,
  });
  return [
    row(`${dataKeys} data keys, KMS free, vs no cryptography`, "batches"),
    row(`${dataKeys} data keys, KMS free, vs no cryptography and a statement a row`, "rows"),
  ];
}

/** A process of its own, by the number of data keys. */
async function memoryRow(postgres: BenchPostgres, settings: RewrapSettings, dataKeys: number): Promise<Row> {
  const few = Math.ceil(dataKeys / 10);
  const peak = async (project: string, count: number): Promise<number> => {
    const cmks = await fillProject(postgres, settings, project, count);
    return (await rewrapInProcesses(1, { settings, project, cmks })).mebibytes;
  };
  const [peer, cmkit] = [await peak("memory-few", few), await peak("memory-all", dataKeys)];
  const name = `peak memory, ${dataKeys} data keys vs ${few}`;
  return { group, name, unit: "MiB", cmkit: round3(cmkit), peer: round3(peer), ratio: round3(cmkit / peer), rounds: 1 };
}

/** What more processes bring where the KMS is what takes the time. */
async function processesRow(postgres: BenchPostgres, settings: RewrapSettings): Promise<Row> {
  const dataKeys = 4000;
  const taken: { readonly four: number; readonly one: number }[] = [];
  for (let round = 0; round < 3; round += 1) {
    const seconds = async (project: string, processes: number): Promise<number> => {
      const cmks = await fillProject(postgres, settings, project, dataKeys);
      return (await rewrapInProcesses(processes, { settings, project, cmks })).seconds;
    };
    taken.push({ one: await seconds(`one-${round}`, 1), four: await seconds(`four-${round}`, 4) });
  }
  return {
    group,
    name: `${dataKeys} data keys, KMS of 20 ms: four processes vs one`,
    unit: "s",
    cmkit: round3(median(taken.map(({ four }) => four))),
    peer: round3(median(taken.map(({ one }) => one))),
    ratio: round3(median(taken.map(({ four, one }) => four / one))),
    rounds: taken.length,
  };
}

/** All begin alike: what the last one left to be written has been. */
async function timed(postgres: BenchPostgres, dataKeys: number, run: () => Promise<unknown>): Promise<number> {
  await postgres.query("checkpoint").catch(() => {}); // not everybody may
  const started = performance.now();
  await run();
  return ((performance.now() - started) * 1000) / dataKeys;
}

async function settle(postgres: BenchPostgres): Promise<void> {
  await postgres.query("vacuum analyze cmkit_data_keys");
}
