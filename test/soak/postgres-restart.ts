import { setTimeout as wait } from "node:timers/promises";

import { statusText, type ApiClient } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { openLoop } from "./open-loop.ts";
import { soakPostgres, type SoakPostgres } from "./soak-postgres.ts";
import { startServer, type SoakServer } from "./soak-server.ts";
import type { Soak, SoakPart } from "./soak.ts";
import { startApplication, type Application } from "./start-application.ts";
import { Workload } from "./workload.ts";
import { newWorld, warm, type World } from "./world.ts";

const perSecond = 100;
const writes = 0.4;

/** PostgreSQL goes away under load and comes back, by its own command and by SIGKILL; the server stays. */
export const postgresRestart: SoakPart = async (soak) => {
  const times = soak.short ? 1 : 5;
  const postgres = await soakPostgres(soak);
  const url = await postgres.database("restart");
  const world = await newWorld(soak, () => url, 40);
  const server = await startServer(soak, world.setUp);
  const client = world.client("restart", () => server.url);
  await warm(client, world.projects);
  const application = startApplication(soak, world.setUp, { name: "restart", perSecond: 20 }, world.ledger);
  const workload = new Workload({ client: () => client, random: soak.random, projects: world.projects, writes });
  const stop = new AbortController();
  const running = openLoop({ perSecond, until: stop.signal, send: workload.send });
  const recoveries: number[] = [];
  for (let time = 0; time < times; time += 1) {
    for (const end of ["stop", "kill"] as const) {
      await wait(2000);
      recoveries.push(await outage(soak, postgres, end, { world, server, client, application }));
    }
  }
  await wait(2000);
  stop.abort();
  soak.requests += (await running).count;
  if (!server.isAlive() || (await server.end()) !== 0) soak.problem("the server did not live to its end");
  if (!application.isAlive()) soak.problem("the application ended");
  await application.kill();
  for (const code of application.failures.keys()) {
    if (code !== "store-unavailable" && code !== "unavailable") soak.problem(`the application was told ${code}`);
  }
  const { entries, done } = await checkRegistry(soak, world.setUp, world.ledger);
  return {
    outages: recoveries.length,
    answers: statusText([client]),
    "ready again after PostgreSQL was, at most": `${Math.ceil(Math.max(...recoveries))} ms`,
    "acknowledged writes": world.ledger.acknowledged,
    "writes answered 503 that were done": done,
    "application's failures": [...application.failures].map(([code, count]) => `${code}: ${count}`).join(", "),
    "audit entries": entries,
  };
};

interface Watched {
  readonly world: World;
  readonly server: SoakServer;
  readonly client: ApiClient;
  readonly application: Application;
}

/** @returns How many milliseconds after PostgreSQL the server was ready. */
async function outage(
  soak: Soak,
  postgres: SoakPostgres,
  end: "stop" | "kill",
  { world, server, client, application }: Watched,
): Promise<number> {
  await postgres[end]();
  await wait(500); // answers that were on their way
  const before = new Map(client.statuses);
  await checkProbe(soak, server, "/healthz", 200);
  await checkProbe(soak, server, "/readyz", 503);
  await wait(1500);
  for (const [status, count] of client.statuses) {
    const came = count - (before.get(status) ?? 0);
    if (came > 0 && status !== "503") soak.problem(`${came} answers ${status} while PostgreSQL was away`);
  }
  await checkShape(soak, server, world);
  await postgres.start();
  const started = performance.now();
  while ((await fetch(`${server.url}/readyz`)).status !== 200) await wait(10);
  const tookMs = performance.now() - started;
  await wait(500);
  const [held, unavailable] = [world.ledger.held.length, client.statuses.get("503") ?? 0];
  await wait(1000);
  const late = (client.statuses.get("503") ?? 0) - unavailable;
  if (late > 0) soak.problem(`${late} answers 503 after it was ready again`);
  if (world.ledger.held.length === held) soak.problem("the application makes no data keys after PostgreSQL is back");
  if (!application.isAlive()) soak.problem("the application ended");
  return tookMs;
}

async function checkProbe(soak: Soak, { url }: SoakServer, path: string, expected: number): Promise<void> {
  const { status } = await fetch(`${url}${path}`);
  if (status !== expected) soak.problem(`${path} says ${status} while PostgreSQL is away`);
}

/** @see docs/http-api.md */
async function checkShape(soak: Soak, { url }: SoakServer, { client }: World): Promise<void> {
  const { status, body } = await client("shape", () => url).read("/v1/project/project-0/secrets/cmks");
  const text = JSON.stringify(body);
  if (status !== 503 || !text.includes('"error_code":"store-unavailable"'))
    soak.problem(`another answer than 503: ${status} ${text}`);
  if (/ECONN|127\.0\.0\.1|postgres:/.test(text)) soak.problem(`the answer says where the store is: ${text}`);
}
