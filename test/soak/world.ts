import { ApiClient } from "./api-client.ts";
import { withRegistry } from "./check-registry.ts";
import { Ledger } from "./ledger.ts";
import type { Soak } from "./soak.ts";
import { soakSetUp, type SoakSetUp } from "./soak-server.ts";
import { randomKey } from "./workload.ts";

/** A registry with a token for all of its projects, and what its clients know of it. */
export interface World {
  readonly setUp: SoakSetUp;
  readonly ledger: Ledger;
  readonly projects: readonly string[];
  /** A client of the server at this address. */
  readonly client: (name: string, url: () => string) => ApiClient;
}

/** @param storeIn `sqlite:FILE` or `postgres://…`, for a set-up's directory. */
export async function newWorld(soak: Soak, storeIn: (directory: string) => string, projectCount: number): Promise<World> {
  const setUp = await soakSetUp(soak, storeIn);
  const ledger = new Ledger();
  const { secret: token } = await withRegistry(setUp, async ({ tokens }) => tokens.create("*", "operator"));
  const onWrong = (what: string): void => soak.problem(what);
  return {
    setUp,
    ledger,
    projects: Array.from({ length: projectCount }, (_, at) => `project-${at}`),
    client: (name, url) => new ApiClient({ url, token, ledger, name, onWrong }),
  };
}

/** Registers a default in each project: the first requests of a process compile it, and are not counted. */
export async function warm(client: ApiClient, projects: readonly string[]): Promise<void> {
  for (const project of projects) {
    await client.create(project, randomKey(), true);
    for (let read = 0; read < 5; read += 1) await client.read(`/v1/project/${project}/secrets/cmks`);
  }
  client.statuses.clear();
}
