import { setTimeout as wait } from "node:timers/promises";

import { statusText } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { closedLoop } from "./closed-loop.ts";
import type { Ledger } from "./ledger.ts";
import { soakPostgres } from "./soak-postgres.ts";
import { startServer } from "./soak-server.ts";
import type { SoakPart } from "./soak.ts";
import { startApplication } from "./start-application.ts";
import { Workload } from "./workload.ts";
import { newWorld, warm } from "./world.ts";

const clients = 32;
const writes = 0.6;

/** SIGKILL, again and again, to a server under load and to an application beside it. */
export const kill: SoakPart = async (soak) => {
  const times = soak.short ? 4 : 50;
  const url = await (await soakPostgres(soak)).database("kill");
  const { setUp, ledger, projects, client: clientOf } = await newWorld(soak, () => url, 40);
  let server = await startServer(soak, setUp);
  const { port } = server;
  const client = clientOf("kill", () => server.url);
  await warm(client, projects);
  const workload = new Workload({ client: () => client, random: soak.random, projects, writes });
  const stop = new AbortController();
  let isUp = true;
  const send = async (): Promise<void> => (isUp ? workload.send() : wait(20));
  const running = closedLoop(clients, stop.signal, send);
  for (let time = 1; time <= times; time += 1) {
    const application = startApplication(soak, setUp, { name: `kill-${time}`, perSecond: 40 }, ledger);
    if (time > 1) server = await startServer(soak, setUp, { port });
    isUp = true;
    await someWork(ledger);
    await wait(soak.random() * 500);
    const killed = Promise.all([server.kill(), application.kill()]);
    isUp = false;
    await killed;
    if (time % 10 === 0) soak.progress(`${time} of ${times} kills, ${ledger.acknowledged} acknowledged writes`);
  }
  stop.abort();
  await running;
  soak.requests += [...client.statuses.values()].reduce((sum, count) => sum + count, 0);
  server = await startServer(soak, setUp, { port });
  if ((await server.end()) !== 0) soak.problem("the server did not end as it should");
  const unknown = ledger.attempts.filter(({ outcome }) => outcome === "unknown").length;
  const { entries, done } = await checkRegistry(soak, setUp, ledger);
  return {
    kills: times,
    answers: statusText([client]),
    "acknowledged writes": ledger.acknowledged,
    "writes without an answer": `${unknown}, of which ${done} are there`,
    "audit entries": entries,
  };
};

/** Both processes are at work: neither is killed while it starts. */
async function someWork({ attempts, held }: Ledger): Promise<void> {
  const [attemptsBefore, heldBefore] = [attempts.length, held.length];
  const done = (): number => attempts.slice(attemptsBefore).filter(({ outcome }) => outcome === "acknowledged").length;
  while (held.length < heldBefore + 5 || done() < 20) await wait(20);
}
