import { randomUUID } from "node:crypto";

import type { ApiClient } from "./api-client.ts";
import { pick, type Random } from "./seeded-random.ts";

export interface WorkloadOptions {
  /** Asked for each request. */
  readonly client: () => ApiClient;
  readonly random: Random;
  readonly projects: readonly string[];
  /** Share of the requests that change something. */
  readonly writes: number;
}

/** A request like those that an operator's back office sends: mostly lists and lookups, and changes of all kinds. */
export class Workload {
  private readonly options: WorkloadOptions;
  /** What may be there, by project. */
  private readonly known: ReadonlyMap<string, string[]>;

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.known = new Map(options.projects.map((project) => [project, []]));
  }

  readonly send = async (): Promise<void> => {
    const { random, projects, writes } = this.options;
    const project = pick(projects, random) ?? "none";
    const ids = this.known.get(project) ?? [];
    const id = pick(ids, random);
    if (random() < writes) return this.change(project, ids, id);
    await this.options.client().read(this.readPath(project, id));
  };

  private readPath(project: string, id: string | undefined): string {
    const cmks = `/v1/project/${project}/secrets/cmks`;
    const kind = this.options.random();
    if (kind < 0.5 || id === undefined) return kind < 0.05 ? `${cmks}/accessors` : cmks;
    return kind < 0.6 ? `${cmks}/${id}/service_associations` : `${cmks}/${id}`;
  }

  private async change(project: string, ids: string[], id: string | undefined): Promise<void> {
    const { client: choose, random } = this.options;
    const [client, kind] = [choose(), random()];
    if (kind < 0.4 || id === undefined) {
      const { cmk } = await client.create(project, randomKey(), random() < 0.3);
      if (cmk !== undefined) ids.push(cmk.id);
    } else if (kind < 0.7) {
      await client.update(project, id, changeFor(random()));
    } else {
      ids.splice(ids.indexOf(id), 1);
      await client.delete(project, id);
    }
  }
}

/** An AWS key that nobody has. Registering asks no cloud. */
export function randomKey(): string {
  return `arn:aws:kms:eu-west-1:111122223333:key/${randomUUID()}`;
}

function changeFor(kind: number): { default_cmk?: boolean; status?: string } {
  if (kind < 0.4) return { default_cmk: true };
  if (kind < 0.5) return { default_cmk: false };
  return { status: kind < 0.75 ? "old" : "current" };
}
