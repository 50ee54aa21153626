import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { statusText, type ApiClient } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { closedLoop } from "./closed-loop.ts";
import type { Attempt } from "./ledger.ts";
import { soakPostgres } from "./soak-postgres.ts";
import { startServer } from "./soak-server.ts";
import { pick } from "./seeded-random.ts";
import type { Soak, SoakPart } from "./soak.ts";
import { startApplication, type Application } from "./start-application.ts";
import { randomKey, Workload } from "./workload.ts";
import { newWorld, warm } from "./world.ts";

const writes = 0.8;
/** As many requests wait for an answer at any time. */
const workers = 32;

/** Two servers and two applications on one SQLite file; ten servers and two applications on one PostgreSQL. */
export const twoProcesses: SoakPart = async (soak) => {
  const onSqlite = await contend(soak, 2, (directory) => `sqlite:${join(directory, "cmkit.db")}`);
  // Ten servers of ten connections each, and more for the rest.
  const url = await (await soakPostgres(soak, 150)).database("contend");
  const onPostgres = await contend(soak, soak.short ? 3 : 10, () => url);
  return { ...onSqlite, ...onPostgres };
};

async function contend(
  soak: Soak,
  count: number,
  storeIn: (directory: string) => string,
): Promise<Readonly<Record<string, string>>> {
  const seconds = soak.lasting(30, 4);
  const { setUp, ledger, projects, client } = await newWorld(soak, storeIn, 4); // few: they wait for each other
  const engine = setUp.store.startsWith("sqlite:") ? "SQLite" : "PostgreSQL";
  // All at once: the first ones find no tables.
  const servers = await Promise.all(Array.from({ length: count }, async () => startServer(soak, setUp)));
  const clients = servers.map(({ url }, at) => client(`${engine}-${at}`, () => url));
  for (const each of clients) await warm(each, projects);
  soak.progress(`${count} servers on one ${engine}, ${workers} requests at a time for ${seconds} s`);
  const applications = ["one", "two"].map((name) => startApplication(soak, setUp, { name, perSecond: 20 }, ledger));
  const choose = (): ApiClient => pick(clients, soak.random) ?? client("none", () => "");
  const workload = new Workload({ client: choose, random: soak.random, projects, writes });
  await closedLoop(workers, AbortSignal.timeout(seconds * 1000), workload.send);
  const rounds = soak.short ? 3 : 20;
  for (let round = 0; round < rounds; round += 1) await race(soak, clients, round);
  await meeting(applications);
  for (const application of applications) await application.kill();
  checkApplications(soak, applications);
  for (const server of servers) if ((await server.end()) !== 0) soak.problem("a server did not end as it should");
  for (const { statuses } of clients) if (statuses.has("503") || statuses.has("none")) soak.problem("a store was not available");
  soak.requests += ledger.attempts.length;
  const { entries } = await checkRegistry(soak, setUp, ledger);
  const answers = `${statusText(clients)}; ${ledger.acknowledged} acknowledged writes, ${entries} audit entries`;
  return { [`${count} servers on one ${engine}`]: answers };
}

/** All servers are asked at once to register one key: first for one project, then one that each has a project for. */
async function race(soak: Soak, clients: readonly ApiClient[], round: number): Promise<void> {
  const project = `race-${round}`;
  const [shared, contested] = [randomKey(), randomKey()];
  const same = await Promise.all(clients.map(async (each) => each.create(project, shared, true)));
  if (winners(same) !== 1) soak.problem(`${winners(same)} of ${same.length} registered the same key for ${project}`);
  const foreign = await Promise.all(clients.map(async (each) => each.create(`race-${randomUUID()}`, contested, true)));
  if (winners(foreign) !== 1) soak.problem(`${winners(foreign)} projects registered one key`);
}

function winners(attempts: readonly Attempt[]): number {
  return attempts.filter(({ outcome }) => outcome === "acknowledged").length;
}

/** Waits until both have made an index key of one project. */
async function meeting(applications: readonly Application[]): Promise<void> {
  const isMet = (): boolean => applications.every(({ indexes }) => indexes.has("app-1"));
  for (let waited = 0; waited < 600 && !isMet(); waited += 1) await wait(100);
}

/** Both made the same projects and index keys at the same time. */
function checkApplications(soak: Soak, applications: readonly Application[]): void {
  const [one, two] = applications;
  let compared = 0;
  for (const [project, value] of one?.indexes ?? []) {
    const other = two?.indexes.get(project);
    if (other === undefined) continue;
    compared += 1;
    if (other !== value) soak.problem(`${project} has two index keys`);
  }
  if (compared === 0) soak.problem("the applications had no project in common");
  for (const { failures } of applications) {
    for (const [code, count] of failures) soak.problem(`an application: ${code}, ${count} times`);
  }
}
