import { setTimeout as wait } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";

import type { SoakPostgres } from "../soak/soak-postgres.ts";
import { CutProxy } from "./cut-proxy.ts";

const triesEveryMs = 5;
const maxTries = 2000;

/** What can go wrong between the processes of a run and their store, and with the store itself. */
export class Network {
  /** The store, as the processes of the run reach it. */
  readonly store: string;
  private readonly postgres: SoakPostgres | undefined;
  private readonly proxy: CutProxy | undefined;
  private readonly file: string;

  /** @param direct As it is reached when nothing is wrong. @param postgres Of a store in PostgreSQL. */
  static async to(direct: string, postgres: SoakPostgres | undefined): Promise<Network> {
    const proxy = postgres && (await CutProxy.start(() => postgres.port));
    return new Network(direct, postgres, proxy);
  }

  private constructor(direct: string, postgres: SoakPostgres | undefined, proxy: CutProxy | undefined) {
    this.postgres = postgres;
    this.proxy = proxy;
    this.file = direct.replace(/^sqlite:/, "");
    const url = new URL(direct);
    if (proxy !== undefined) url.port = String(proxy.port);
    this.store = proxy === undefined ? direct : url.href;
  }

  /** SIGKILL to PostgreSQL. */
  async killPostgres(lastsMs: number): Promise<void> {
    await this.postgres?.kill();
    await wait(lastsMs);
    await this.postgres?.start();
  }

  /** Fast shutdown. */
  async stopPostgres(lastsMs: number): Promise<void> {
    await this.postgres?.stop();
    await wait(lastsMs);
    await this.postgres?.start();
  }

  cut(): void {
    this.proxy?.cut();
  }

  /** Nothing passes; then everything goes on, or all connections are reset. */
  async pause(lastsMs: number, thenCut: boolean): Promise<void> {
    this.proxy?.pause();
    await wait(lastsMs);
    if (thenCut) this.proxy?.cut();
    this.proxy?.resume();
  }

  /** Whoever dies meanwhile, the database hears of it at the end. */
  async inSilence(lastsMs: number, meanwhile: () => Promise<void>): Promise<void> {
    this.proxy?.silence();
    await meanwhile();
    await wait(lastsMs);
    this.proxy?.tell();
  }

  /** Another program writes to the file, once it gets a turn. */
  async lock(lastsMs: number): Promise<void> {
    const db = new DatabaseSync(this.file, { timeout: 0 });
    try {
      for (let tries = 0; !begins(db); tries += 1) {
        if (tries === maxTries) return;
        await wait(triesEveryMs);
      }
      await wait(lastsMs);
      db.exec("rollback");
    } finally {
      db.close();
    }
  }

  async close(): Promise<void> {
    await this.proxy?.close();
  }
}

function begins(db: DatabaseSync): boolean {
  try {
    db.exec("begin immediate");
    return true;
  } catch {
    return false;
  }
}
