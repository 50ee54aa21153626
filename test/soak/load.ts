import { statusText, type ApiClient } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { openLoop, type Latencies } from "./open-loop.ts";
import { soakPostgres } from "./soak-postgres.ts";
import { startServer } from "./soak-server.ts";
import type { Soak, SoakPart } from "./soak.ts";
import { startApplication, type Application } from "./start-application.ts";
import { Workload } from "./workload.ts";
import { newWorld, warm } from "./world.ts";

/** Requests a second, one after the other on the same server: the second is what is asked of it, the first shows the difference. */
const rates = [250, 500];
const writes = 0.2;

/** Mixed reads and writes on PostgreSQL at a fixed rate, and an application that makes data keys beside them. */
export const load: SoakPart = async (soak) => {
  const seconds = soak.lasting(60, 4);
  const url = await (await soakPostgres(soak)).database("load");
  const { setUp, ledger, projects, client: clientOf } = await newWorld(soak, () => url, 200);
  const server = await startServer(soak, setUp);
  const client = clientOf("load", () => server.url);
  await warm(client, projects);
  const application = startApplication(soak, setUp, { name: "load", perSecond: 20 }, ledger);
  const workload = new Workload({ client: () => client, random: soak.random, projects, writes });
  const measured: Record<string, string> = {};
  for (const perSecond of rates) {
    soak.progress(`${perSecond} requests/s for ${seconds} s, one in ${1 / writes} a change`);
    const latencies = await openLoop({ perSecond, until: AbortSignal.timeout(seconds * 1000), send: workload.send });
    measured[`${perSecond}/s for ${seconds} s`] = timesOf(latencies);
    soak.requests += latencies.count;
  }
  await endApplication(soak, application);
  const answers = statusText([client]);
  checkAnswers(soak, client);
  if ((await server.end()) !== 0) soak.problem("the server did not end as it should");
  const { entries } = await checkRegistry(soak, setUp, ledger);
  return {
    ...measured,
    answers,
    "data keys made beside": ledger.held.filter(({ kind }) => kind === "sealed").length,
    "audit entries": entries,
  };
};

function timesOf(latencies: Latencies): string {
  const [p50, p99, longest] = [0.5, 0.99, 1].map((share) => latencies.at(share));
  return `${latencies.count} requests, p50 ${p50}, p99 ${p99}, longest ${longest}`;
}

/** Nothing fails here: what is refused is what clients asked for in vain. */
function checkAnswers(soak: Soak, { statuses }: ApiClient): void {
  for (const [status, count] of statuses) {
    if (!["200", "201", "400", "404", "409"].includes(status)) soak.problem(`${count} answers: ${status}`);
  }
}

/** One that nothing has befallen. */
async function endApplication(soak: Soak, application: Application): Promise<void> {
  if (!application.isAlive()) soak.problem("the application ended");
  await application.kill();
  for (const [code, count] of application.failures) soak.problem(`the application: ${code}, ${count} times`);
}
