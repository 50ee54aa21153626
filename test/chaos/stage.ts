import { setTimeout as wait } from "node:timers/promises";
import type { Cmk } from "@cmkit/core";
import { apiTokens, isRegistryError } from "@cmkit/registry";

import { recordTags } from "../../packages/registry/src/record-tags.ts";
import { seededRandom, type Random } from "../soak/seeded-random.ts";
import type { Soak } from "../soak/soak.ts";
import type { Campaign, Stocked } from "./campaign.ts";
import { cloudsOf } from "./emulated-clouds.ts";
import { happen } from "./events.ts";
import type { RunParts } from "./chaos-run.ts";
import type { RunIds } from "./finish.ts";
import type { Journal } from "./journal.ts";
import { Network } from "./network.ts";
import { OldKeyWatch } from "./old-key-watch.ts";
import { openChaos, operatorCmk, project, type ChaosSetUp, type OpenedChaos } from "./open-chaos.ts";
import type { PlannedEvent, RunPlan } from "./run-plan.ts";
import { RunServer, startChaosServer, startCmkitServe } from "./run-server.ts";
import { Sky } from "./sky.ts";
import { Team, type Order } from "./team.ts";

const pollMs = 50;
/** An event waits no longer for its share of the data keys. Loading a cloud's SDK takes seconds. */
const patienceMs = { local: 3000, emulated: 6000 };

/** The processes of a run at work, and what befalls them. */
export class Stage {
  readonly journal: Journal;
  readonly ids: RunIds;
  readonly sky: Sky;
  readonly team: Team;
  private readonly plan: RunPlan;
  private readonly soak: Soak;
  private readonly network: Network;
  private readonly direct: OpenedChaos;
  private readonly random: Random;
  private readonly from: Cmk;
  private readonly oldKey: OldKeyWatch;

  /** Registers the keys of the run, and starts everybody. @param own The store, past the network. */
  static async set({ campaign, soak, plan, journal }: RunParts, own: ChaosSetUp, { stock }: Stocked): Promise<Stage> {
    const random = seededRandom(plan.seed + 1);
    const isEmulated = plan.clouds === "emulated";
    const emulated = isEmulated ? { emulators: await campaign.clouds(), of: cloudsOf(plan.seed) } : undefined;
    const sky = new Sky(plan.weather, emulated);
    const direct = await openChaos(own, { forecast: () => sky.calm });
    const network = await Network.to(own.store, plan.engine === "postgres" ? await campaign.postgres() : undefined);
    const ids = await registered(campaign, plan, direct);
    await sky.asUsual();
    const setUp = { ...own, store: network.store };
    const order = (to: string | undefined): Order => ({ from: ids.source, ...(to && { to }) });
    const target = plan.route === "versions" ? undefined : ids.target;
    const orders = Array.from({ length: plan.workers }, (_, at) => order(at === 0 ? (ids.rival ?? target) : target));
    const start = async (): ReturnType<typeof startChaosServer> =>
      isEmulated
        ? startCmkitServe(soak, await campaign.served(setUp))
        : startChaosServer(soak, sky, { setUp, seed: Math.floor(random() * 2 ** 31) });
    const { secret: token } = await apiTokens(direct).create("*", "operator");
    const server = plan.hasServer ? new RunServer({ soak, start, token, from: ids.source, to: target }) : undefined;
    const writer = plan.hasWriter ? stock : undefined;
    const { concurrency } = plan;
    const tell = (what: string): void => journal.add(what);
    const team = new Team({ soak, setUp, sky, random, tell, concurrency, orders, server, writer });
    const from = await keyOf(direct, ids.source);
    return new Stage({ plan, soak, sky, team, journal, network, direct, random, ids, from });
  }

  private constructor(parts: Pick<Stage, "ids" | "sky" | "team" | "journal"> & StageParts) {
    this.ids = parts.ids;
    this.sky = parts.sky;
    this.team = parts.team;
    this.journal = parts.journal;
    this.plan = parts.plan;
    this.soak = parts.soak;
    this.network = parts.network;
    this.direct = parts.direct;
    this.random = parts.random;
    this.from = parts.from;
    this.oldKey = new OldKeyWatch(parts.direct, parts.ids.source, parts.from);
  }

  /** Until everything planned has happened and everybody is done, and no longer than `lastsMs`. */
  async play(lastsMs: number): Promise<void> {
    await this.team.begin();
    const startedMs = performance.now();
    this.journal.add("began");
    const { clouds } = this.plan;
    const events = [...this.plan.events];
    let lastMs = performance.now();
    while (performance.now() - startedMs < lastsMs) {
      const [next] = events;
      if (next === undefined && (this.plan.isCutShort || this.team.isDone)) break;
      const share = await this.lookedAt();
      if (next !== undefined && (share >= next.share || performance.now() - lastMs > patienceMs[clouds])) {
        events.shift();
        await this.happens(next);
        lastMs = performance.now();
      } else await wait(pollMs);
    }
  }

  /** Everybody is killed, and everything is well again. */
  async end(): Promise<void> {
    await this.team.end();
    await this.sky.clearUp();
    await this.lookedAt();
    this.journal.add(`killed whoever was there: ${await this.left()} were left`);
  }

  async close(): Promise<void> {
    await this.team.end();
    await this.network.close();
    await this.direct.close();
  }

  private async happens(event: PlannedEvent): Promise<void> {
    await wait(event.delayMs);
    this.journal.add(event.what);
    const { soak, team, network, sky, random, direct, ids } = this;
    await happen(event, { soak, team, network, sky, random, direct, ids });
  }

  /** @returns Which share of the data keys has been rewrapped; 0 while the store is away. */
  private async lookedAt(): Promise<number> {
    const { saidDone } = this.team;
    try {
      const left = await this.left();
      if (saidDone && left > 0) this.soak.problem(`somebody said that nothing is left, and ${left} are`);
      const late = await this.oldKey.look();
      if (late > 0) this.soak.problem(`${late} data keys were made under a key that was old`);
      return 1 - left / this.plan.dataKeys;
    } catch (error) {
      if (!isRegistryError(error) || error.code !== "store-unavailable") throw error;
      return 0;
    }
  }

  private async left(): Promise<number> {
    const { route, weather } = this.plan;
    const current = route === "versions" ? String(weather.versions["source"]) : undefined;
    return this.direct.store.reads.countDataKeys(project, this.from, current);
  }
}

interface StageParts {
  readonly plan: RunPlan;
  readonly soak: Soak;
  readonly network: Network;
  readonly direct: OpenedChaos;
  readonly random: Random;
  readonly from: Cmk;
}

async function registered(campaign: Campaign, plan: RunPlan, { registry }: OpenedChaos): Promise<RunIds> {
  const [source] = await registry.list(project);
  // A project with a key of its own seals no longer under the operator's: as an operator does who moves it.
  const isFirst = source === undefined;
  const target = await registry.register(project, { ...(await campaign.cmkOf("target", plan)), defaultCmk: isFirst });
  const rival = plan.hasRival ? await registry.register(project, await campaign.cmkOf("rival", plan)) : undefined;
  return { source: source?.id ?? "operator", target: target.id, rival: rival?.id };
}

/** As data keys name it. */
async function keyOf({ store, recordKey }: OpenedChaos, id: string): Promise<Cmk> {
  const tags = recordTags(recordKey).cmk;
  const found = (await store.reads.cmks(project)).map((row) => tags.open(row)).find((cmk) => cmk.id === id);
  return found === undefined ? operatorCmk : { provider: found.provider, resource: found.canonical };
}
