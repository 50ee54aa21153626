import { setTimeout as wait } from "node:timers/promises";

import { statusText } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { openLoop } from "./open-loop.ts";
import { soakPostgres } from "./soak-postgres.ts";
import { startServer } from "./soak-server.ts";
import type { SoakPart } from "./soak.ts";
import { startApplication } from "./start-application.ts";
import { Workload } from "./workload.ts";
import { newWorld, warm } from "./world.ts";

const perSecond = 150;
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
  const running = openLoop({ perSecond, until: stop.signal, send: workload.send });
  for (let time = 1; time <= times; time += 1) {
    const heldBefore = ledger.held.length;
    const application = startApplication(soak, setUp, { name: `kill-${time}`, perSecond: 40 }, ledger);
    if (time > 1) server = await startServer(soak, setUp, { port });
    while (ledger.held.length < heldBefore + 5 && application.isAlive()) await wait(20); // it has begun
    await wait(soak.random() * 800);
    await Promise.all([server.kill(), application.kill()]);
    if (time % 10 === 0) soak.progress(`${time} of ${times} kills, ${ledger.acknowledged} acknowledged writes`);
  }
  server = await startServer(soak, setUp, { port });
  stop.abort();
  soak.requests += (await running).count;
  const unknown = ledger.attempts.filter(({ outcome }) => outcome === "unknown").length;
  await server.end();
  const { entries, done } = await checkRegistry(soak, setUp, ledger);
  return {
    kills: times,
    answers: statusText([client]),
    "acknowledged writes": ledger.acknowledged,
    "writes without an answer": `${unknown}, of which ${done} are there`,
    "audit entries": entries,
  };
};
