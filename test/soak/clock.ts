import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { statusText } from "./api-client.ts";
import { checkRegistry, withRegistry } from "./check-registry.ts";
import { openLoop } from "./open-loop.ts";
import { startServer, type SoakServer, type SoakSetUp } from "./soak-server.ts";
import type { Soak, SoakPart } from "./soak.ts";
import { randomKey, Workload } from "./workload.ts";
import { newWorld, warm, type World } from "./world.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const perSecond = 50;
const cacheScenario = fileURLToPath(new URL("clock-and-cache.ts", import.meta.url));
const clockPreload = fileURLToPath(new URL("shifted-clock.ts", import.meta.url));

/** Somebody sets the wall clock of a running server, forwards and back, without load and under it. */
export const clock: SoakPart = async (soak) => {
  const world = await newWorld(soak, (directory) => `sqlite:${join(directory, "cmkit.db")}`, 10);
  const server = await startServer(soak, world.setUp, { clock: true });
  const client = world.client("clock", () => server.url);
  await warm(client, world.projects);
  await tokensAndRows(soak, world, server);
  const workload = new Workload({ client: () => client, random: soak.random, projects: world.projects, writes: 0.5 });
  const stop = new AbortController();
  const running = openLoop({ perSecond, until: stop.signal, send: workload.send });
  const steps = soak.short ? 5 : 40;
  for (let step = 0; step < steps; step += 1) {
    await wait(500);
    // From a second to 400 days, either way.
    await server.shiftClock(Math.round((soak.random() < 0.5 ? -1 : 1) * 1000 ** (1 + soak.random() * 2.5)));
  }
  stop.abort();
  soak.requests += (await running).count;
  await server.shiftClock(0);
  for (const status of client.statuses.keys()) if (status === "503" || status === "none") soak.problem(`answers: ${status}`);
  if ((await server.end()) !== 0) soak.problem("the server did not end as it should");
  const { entries } = await checkRegistry(soak, world.setUp, world.ledger, false);
  const cached = await cacheUnderSteps(soak, world.setUp);
  return {
    steps,
    answers: statusText([client]),
    "acknowledged writes": world.ledger.acknowledged,
    "audit entries": entries,
    "data-key cache": cached,
  };
};

/** Where a clock may be: a machine without a battery begins in 1970. */
const offsets: readonly (readonly [string, number])[] = [
  ["2 hours ahead", 2 * hourMs],
  ["as it was", 0],
  ["2 hours behind", -2 * hourMs],
  ["400 days ahead", 400 * dayMs],
  ["400 days behind", -400 * dayMs],
  ["in 1970", 5000 - Date.now()],
  ["in 2100", Date.UTC(2100, 0, 1) - Date.now()],
  ["as it was again", 0],
];

async function tokensAndRows(soak: Soak, world: World, server: SoakServer): Promise<void> {
  const expiresAt = new Date(Date.now() + hourMs);
  const { secret } = await withRegistry(world.setUp, async ({ tokens }) => tokens.create("*", "operator", { expiresAt }));
  const status = async (): Promise<number> => {
    const { status: answered } = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
    return answered;
  };
  const client = world.client("steps", () => server.url);
  for (const [name, offsetMs] of offsets) {
    await server.shiftClock(offsetMs);
    const expected = offsetMs < hourMs ? 200 : 401;
    const got = await status();
    if (got !== expected) soak.problem(`${name}: a token that is good for an hour is ${got}`);
    await changeAll(soak, name, world, client);
  }
}

/** Every project gets a new default; its last one, which another clock has dated, becomes old, and current again. */
async function changeAll(soak: Soak, name: string, { projects }: World, client: ReturnType<World["client"]>): Promise<void> {
  for (const project of projects) {
    const { body } = await client.read(`/v1/project/${project}/secrets/cmks`);
    const before = (body as { readonly cmks?: readonly { readonly id: string; readonly default_cmk: boolean }[] }).cmks ?? [];
    const last = before.find((cmk) => cmk.default_cmk);
    if (last === undefined) {
      soak.problem(`${name}: ${project} has no default`);
      continue;
    }
    const outcomes = [
      await client.create(project, randomKey(), true),
      await client.update(project, last.id, { status: "old" }),
      await client.update(project, last.id, { status: "current" }),
    ].map(({ outcome }) => outcome);
    if (outcomes.some((outcome) => outcome !== "acknowledged")) soak.problem(`${name}: ${outcomes.join(", ")}`);
  }
}

/** In a process of its own. */
async function cacheUnderSteps(soak: Soak, { directory, config, store }: SoakSetUp): Promise<string> {
  const settings = JSON.stringify({ directory, config, store });
  const node = ["--conditions=@cmkit/source", "--import", clockPreload, cacheScenario, settings];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  const { checks, wrong } = JSON.parse(stdout) as { readonly checks: number; readonly wrong: readonly string[] };
  for (const each of wrong) soak.problem(each);
  return `${checks} checks`;
}
