import { setTimeout as wait } from "node:timers/promises";

import { pick, type Random } from "../soak/seeded-random.ts";
import type { Soak } from "../soak/soak.ts";
import { ChaosProcess } from "./chaos-process.ts";
import type { ChaosSetUp } from "./open-chaos.ts";
import type { WorkerLine, WorkerSettings } from "./rewrap-worker.ts";
import type { RunServer } from "./run-server.ts";
import type { Sky } from "./sky.ts";
import type { SealedText } from "./stock.ts";
import type { WriterLine, WriterSettings } from "./writer.ts";

/** The rewrap that a worker is to do. */
export type Order = Pick<WorkerSettings, "from" | "to">;

export interface TeamOptions {
  readonly soak: Soak;
  readonly setUp: ChaosSetUp;
  readonly sky: Sky;
  readonly random: Random;
  /** Is told what processes say, the first times. */
  readonly tell: (what: string) => void;
  readonly concurrency: number;
  /** One a worker. */
  readonly orders: readonly Order[];
  readonly server: RunServer | undefined;
  /** Absent: nobody makes data keys meanwhile. */
  readonly writer: Pick<WriterSettings, "sealed" | "indexes"> | undefined;
}

/** A place in which one worker after the other does one order. */
interface Post {
  readonly order: Order;
  process: ChaosProcess<WorkerLine>;
  isDone: boolean;
}

const writesPerSecond = 50;
const readyMs = 120_000;
const pollMs = 20;

/** The processes of a run. Workers and the server that are killed are replaced; the writer is not killed before the end. */
export class Team {
  /** What the writer was told that it is done. */
  readonly acknowledged: SealedText[] = [];
  /** How often workers and the writer met which code, such as `worker throttled`. */
  readonly codes = new Map<string, number>();
  kills = 0;
  reads = 0;
  private readonly options: TeamOptions;
  private readonly posts: Post[];
  private readonly writer: ChaosProcess<WriterLine> | undefined;
  private readonly faults = new Map<object, number>();
  private readonly all: ChaosProcess<unknown>[] = [];
  private ready = 0;
  private isOneDone = false;

  constructor(options: TeamOptions) {
    this.options = options;
    this.posts = options.orders.map((order) => this.manned(order));
    this.writer = options.writer && this.startWriter(options.writer);
    options.sky.listen((weather) => this.tell(weather));
  }

  /** Once everybody is ready: first data keys are made, then they are rewrapped. */
  async begin(): Promise<void> {
    const { sky, soak, server } = this.options;
    if (!(await inTime(() => this.ready === this.all.length))) soak.problem("a process did not start");
    this.writer?.tell(sky.calm);
    if (this.writer !== undefined) await inTime(() => this.acknowledged.length > 0);
    this.tell(sky.weather);
    server?.begin();
  }

  /** Requests to the cloud that went wrong. */
  get requestFaults(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Whether somebody said that nothing is left: then nothing may be there from then on, whoever makes data keys. */
  get saidDone(): boolean {
    return this.isOneDone || (this.options.server?.isDone ?? false);
  }

  get isDone(): boolean {
    return this.posts.every(({ isDone }) => isDone) && (this.options.server?.isDone ?? true);
  }

  /** Of processes that ended by themselves, and not as they should. */
  get processFailures(): readonly string[] {
    return this.all.flatMap(({ failure }) => failure ?? []);
  }

  async killWorker(): Promise<void> {
    const post = this.anyPost();
    if (post !== undefined) await this.kill(post);
  }

  async killWorkers(): Promise<void> {
    await Promise.all(this.posts.filter(({ isDone }) => !isDone).map(async (post) => this.kill(post)));
  }

  /** SIGTERM, and another one takes its place. */
  async endWorker(): Promise<void> {
    const post = this.anyPost();
    if (post === undefined) return;
    await post.process.end();
    this.replace(post);
  }

  async killServer(): Promise<void> {
    if (await this.options.server?.kill()) this.kills += 1;
  }

  /** SIGKILL to whoever is still there. */
  async end(): Promise<void> {
    for (const process of this.all) {
      if (!process.isAlive) continue;
      await process.kill();
      this.kills += 1;
    }
    if (await this.options.server?.end()) this.kills += 1;
  }

  private tell(weather: Sky["weather"]): void {
    for (const { process } of this.posts) process.tell(weather);
    this.writer?.tell(this.options.sky.calm);
  }

  private anyPost(): Post | undefined {
    const busy = this.posts.filter(({ isDone }) => !isDone);
    return pick(busy, this.options.random);
  }

  private async kill(post: Post): Promise<void> {
    if (!post.process.isAlive) return;
    await post.process.kill();
    this.kills += 1;
    await wait(this.options.random() * 200);
    this.replace(post);
  }

  private replace(post: Post): void {
    post.process = this.startWorker(post, post.order);
    post.process.tell(this.options.sky.weather);
  }

  private manned(order: Order): Post {
    const isDone = { isDone: false };
    const process = this.startWorker(isDone, order);
    return Object.assign(isDone, { order, process });
  }

  private startWorker(post: { isDone: boolean }, order: Order): ChaosProcess<WorkerLine> {
    const { soak, setUp, random, concurrency } = this.options;
    const seed = Math.floor(random() * 2 ** 31);
    const settings: WorkerSettings = { setUp, seed, concurrency, ...order };
    const process: ChaosProcess<WorkerLine> = new ChaosProcess<WorkerLine>(soak, "rewrap-worker.ts", settings, (line) => {
      if (line.kind === "ready") this.ready += 1;
      else if (line.kind === "faults") this.faults.set(process, sumOf(line.counts));
      else if (line.kind === "failed") this.count(`worker ${line.code}`, line.message);
      else if (line.state === "done") {
        post.isDone = true;
        this.isOneDone = true;
        if (line.remaining > 0) soak.problem(`a worker says done, and that ${line.remaining} are left`);
      } else this.count(`worker ${line.state} ${line.stopped ?? ""}`, `${line.remaining} left`);
    });
    this.all.push(process);
    return process;
  }

  private startWriter({ sealed, indexes }: NonNullable<TeamOptions["writer"]>): ChaosProcess<WriterLine> {
    const { soak, setUp } = this.options;
    const settings: WriterSettings = { setUp, name: "w", perSecond: writesPerSecond, sealed, indexes };
    const process = new ChaosProcess<WriterLine>(soak, "writer.ts", settings, (line) => {
      if (line.kind === "ready") this.ready += 1;
      else if (line.kind === "sealed") this.acknowledged.push({ row: line.row, text: line.text });
      else if (line.kind === "read") this.reads += 1;
      else this.count(`${line.what} ${line.code}`, line.message);
    });
    this.all.push(process);
    return process;
  }

  private count(what: string, message: string): void {
    const name = what.trim();
    const count = (this.codes.get(name) ?? 0) + 1;
    this.codes.set(name, count);
    if (count <= 3) this.options.tell(`${name}: ${message}`);
  }
}

async function inTime(holds: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + readyMs; !holds() && Date.now() < deadline;) await wait(pollMs);
  return holds();
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
