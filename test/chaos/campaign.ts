import { createHash } from "node:crypto";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Cmk } from "@cmkit/core";
import type { Soak } from "../soak/soak.ts";
import { soakPostgres, type SoakPostgres } from "../soak/soak-postgres.ts";
import { soakSetUp, type SoakSetUp } from "../soak/soak-server.ts";
import { seededRandom } from "../soak/seeded-random.ts";
import { resourceOf } from "./chaos-cloud.ts";
import { cloudsOf, emulatedClouds, type EmulatedClouds } from "./emulated-clouds.ts";
import { bystander, bystanderCmk, operatorCmk, project, withChaos, type ChaosSetUp } from "./open-chaos.ts";
import type { RunPlan } from "./run-plan.ts";
import { stockUp, type Stock } from "./stock.ts";
import { clear, type Weather } from "./weather.ts";

/** A stock of data keys, and the store that has it and is copied for each run. */
export interface Stocked {
  readonly stock: Stock;
  readonly setUp: ChaosSetUp;
  /** What a copy is made of: a database's name or a file. */
  readonly original: string;
}

/** What the runs of a campaign have in common: one PostgreSQL, one set of emulators, and stocks that are made once. */
export class Campaign {
  readonly soak: Soak;
  private readonly seed: number;
  private readonly stocks = new Map<string, Promise<Stocked>>();
  private base: Promise<SoakSetUp> | undefined;
  private started: Promise<SoakPostgres> | undefined;
  private emulators: Promise<EmulatedClouds> | undefined;

  constructor(soak: Soak, seed: number) {
    this.soak = soak;
    this.seed = seed;
  }

  async postgres(): Promise<SoakPostgres> {
    this.started ??= soakPostgres(this.soak);
    return this.started;
  }

  async clouds(): Promise<EmulatedClouds> {
    this.emulators ??= this.setUp().then(async ({ directory, recordKey }) => emulatedClouds(this.soak, directory, recordKey));
    return this.emulators;
  }

  /** The stock that a run begins with. */
  async stocked(plan: RunPlan): Promise<Stocked> {
    const name = stockName(plan);
    const made = this.stocks.get(name) ?? this.make(name, plan);
    this.stocks.set(name, made);
    return made;
  }

  /** A copy of it for one run. @returns Its store, as a `cmkit.json` names it. */
  async copy(
    { original }: Stocked,
    plan: RunPlan,
    run: string,
  ): Promise<{ readonly store: string; readonly drop: () => Promise<void> }> {
    if (plan.engine === "postgres") {
      const postgres = await this.postgres();
      return { store: await postgres.copy(original, run), drop: async () => postgres.drop(run) };
    }
    const file = join((await this.setUp()).directory, `${run}.db`);
    await copyFile(original, file);
    const drop = async (): Promise<void> => {
      for (const end of ["", "-wal", "-shm"]) await rm(`${file}${end}`, { force: true });
    };
    return { store: `sqlite:${file}`, drop };
  }

  /** What `cmkit serve` reads, for a store. */
  async served({ directory, store, dev }: ChaosSetUp): Promise<SoakSetUp> {
    const { recordKey } = await this.setUp();
    const config = join(directory, `${createHash("sha256").update(store).digest("hex").slice(0, 16)}.json`);
    const content = { cmkit: 1, store, recordKey: "record.key", accessors: {}, ...(dev !== null && { dev: "cmkit.dev.json" }) };
    await writeFile(config, JSON.stringify(content), { mode: 0o600 });
    return { directory, config, store, recordKey };
  }

  private async setUp(): Promise<SoakSetUp> {
    this.base ??= soakSetUp(this.soak, (directory) => `sqlite:${join(directory, "unused.db")}`);
    return this.base;
  }

  private async make(name: string, plan: RunPlan): Promise<Stocked> {
    const { directory } = await this.setUp();
    const isSqlite = plan.engine === "sqlite";
    const original = isSqlite ? join(directory, `${name}.db`) : name;
    const store = isSqlite ? `sqlite:${original}` : await (await this.postgres()).database(name);
    const dev = plan.clouds === "emulated" ? (await this.clouds()).file : null;
    const setUp = { directory, store, dev, hasOperator: plan.route === "operator" };
    const stock = await this.stockedUp(setUp, plan);
    this.soak.progress(`made ${plan.dataKeys} data keys: ${name}`);
    return { stock, setUp, original };
  }

  private async stockedUp(setUp: ChaosSetUp, plan: RunPlan): Promise<Stock> {
    let weather: Weather = clear;
    // Half of them under an older version than the others.
    const rotate = (): void => void (weather = { ...clear, versions: { source: 2 } });
    const isEmulated = plan.clouds === "emulated";
    const own = await this.cmkOf("source", plan);
    return withChaos(
      setUp,
      async (opened) => {
        const { registry } = opened;
        if (plan.route !== "operator") await registry.register(project, { ...own, defaultCmk: true });
        if (!isEmulated) await registry.register(bystander, { ...bystanderCmk, defaultCmk: true });
        const cmks = { source: plan.route === "operator" ? operatorCmk : own, ...(!isEmulated && { bystander: bystanderCmk }) };
        return stockUp(opened, cmks, plan.dataKeys, seededRandom(this.seed), rotate);
      },
      { forecast: () => weather },
    );
  }

  /** The CMK that has a part in a run. */
  async cmkOf(name: "source" | "target" | "rival", { clouds, seed }: RunPlan): Promise<Cmk> {
    if (clouds === "emulated") return (await this.clouds()).key(cloudsOf(seed)[name]);
    return { provider: "local", resource: resourceOf(name) };
  }
}

function stockName({ engine, clouds, route, dataKeys, seed }: RunPlan): string {
  const from = clouds === "emulated" ? cloudsOf(seed).source : route === "operator" ? "operator" : "own";
  return `${engine}_${from}_${dataKeys}`;
}
