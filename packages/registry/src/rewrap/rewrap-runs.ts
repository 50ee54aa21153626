import { KmsError, type Kms } from "@cmkit/core";

import type { CmkRecord, RewrapRecord } from "../cmk-record.ts";
import { checkedProject } from "../project-cmks.ts";
import type { RegistryParts } from "../registry-parts.ts";
import type { Attribution } from "../registry.ts";
import { RegistryError } from "../registry-error.ts";
import type { RewrapOptions, RewrapProgress } from "../rewrap-progress.ts";
import { beginRewrap } from "./begin-rewrap.ts";
import { finishRewrap } from "./finish-rewrap.ts";
import { rewrapJob, type RewrapChecks, type RewrapJob } from "./rewrap-job.ts";
import { RewrapRun, type RunSpeed } from "./rewrap-run.ts";
import { rewrapView } from "./rewrap-view.ts";
import { RewrapWatch } from "./rewrap-watch.ts";

const defaultConcurrency = 32;
const maxConcurrency = 1000;
/** While one rewrap to the current version runs. */
const maxRotations = 3;
/** Of one project, in one process. */
const maxRuns = 16;
const maxRequestsPerSecond = 1_000_000;

/** A run in this process. */
interface Running {
  readonly stop: AbortController;
  /** Its state is `unfinished` when it was stopped. */
  readonly ended: Promise<RewrapProgress>;
  /** How many callers want it: whoever began it may go while others still do. */
  wanted: number;
}

/** The rewraps of a registry. */
export class RewrapRuns {
  private readonly parts: RegistryParts;
  private readonly checks: RewrapChecks;
  /** From before its first write until its last. */
  private readonly running = new Map<string, Promise<Running>>();
  private closed = false;

  constructor(parts: RegistryParts, checks: RewrapChecks) {
    this.parts = parts;
    this.checks = checks;
  }

  /** Until it ends. @throws {KmsError} `aborted` */
  async run(project: string, options: RewrapOptions): Promise<RewrapProgress> {
    const { signal, onProgress, from, dryRun = false } = options;
    const isAborted = (): boolean => signal?.aborted === true;
    if (isAborted()) throw new KmsError("aborted");
    if (dryRun) return this.dryRun(project, options);
    const run = await this.begin(project, options);
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const abort = (): void => {
      run.wanted -= 1;
      if (run.wanted === 0) run.stop.abort();
      else reject(new KmsError("aborted")); // ends its own wait
    };
    if (isAborted()) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const watch = onProgress && new RewrapWatch(this.parts.kms.clock, async () => this.progress(project, from), onProgress);
    try {
      const last = await Promise.race([run.ended, givenUp]);
      if (last.state === "unfinished") throw new KmsError("aborted");
      watch?.end(last);
      return last;
    } finally {
      watch?.stop();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Goes on in this process. */
  async start(project: string, options: Omit<RewrapOptions, "onProgress">): Promise<RewrapProgress> {
    if (options.dryRun === true) return this.dryRun(project, options);
    const run = await this.begin(project, options);
    run.ended.catch(() => {}); // whoever wants to know asks for the progress
    return this.progress(project, options.from);
  }

  async progress(project: string, source: string): Promise<RewrapProgress> {
    const { store, tags } = this.parts;
    const rows = await store.reads.rewraps(checkedProject(project));
    const record = rows.map((row) => tags.rewrap.open(row)).find((rewrap) => rewrap.source === source);
    if (record === undefined) throw new RegistryError("not-found", "There has been no rewrap from this CMK.");
    if (record.project !== project) throw new RegistryError("bad-record");
    const isRunning = this.running.has(nameOf(project, source, record.target));
    return rewrapView(this.parts, record, isRunning ? "running" : record.state);
  }

  /** Stops all runs: what was rewrapped stays so. */
  async close(): Promise<void> {
    this.closed = true;
    const stopped = [...this.running.values()].map(async (begun) => {
      const { stop, ended } = await begun;
      stop.abort();
      await ended;
    });
    await Promise.allSettled(stopped);
  }

  /** One run a source and target: who asks while it is being begun joins it. */
  private async begin(project: string, options: RewrapOptions): Promise<Running> {
    const { from, to = from } = checkedOptions(options);
    const name = nameOf(project, from, to);
    let begun = this.running.get(name);
    if (begun === undefined) {
      this.refuseTooMany(project);
      const own = this.beginOwn(project, options);
      this.running.set(name, own);
      const forget = (): void => void (this.running.get(name) === own && this.running.delete(name));
      own.then(async ({ ended }) => ended).then(forget, forget);
      begun = own;
    }
    const run = await begun;
    if (run.stop.signal.aborted) {
      await run.ended.catch(() => {}); // it is going: nobody can join it
      return this.begin(project, options);
    }
    run.wanted += 1;
    return run;
  }

  /** Each asks its clouds and the store by itself: nobody may have so many that others wait for them. */
  private refuseTooMany(project: string): void {
    const own = [...this.running.keys()].filter((name) => name.startsWith(nameOf(project).slice(0, -1)));
    if (own.length < maxRuns) return;
    throw new RegistryError("in-use", `${maxRuns} rewraps of the project run here already: wait until one has ended.`);
  }

  private async beginOwn(project: string, options: RewrapOptions): Promise<Running> {
    // Without the caller's signal: others may join meanwhile.
    const { from, to = from, signal: _, ...by } = options;
    const job = await rewrapJob(this.parts, this.checks, project, from, to);
    const record = await beginRewrap(this.parts, job, by);
    if (this.closed) throw new KmsError("aborted");
    const stop = new AbortController();
    return { stop, ended: this.toTheEnd(job, record, speedOf(options), stop.signal, by), wanted: 0 };
  }

  private async toTheEnd(
    job: RewrapJob,
    record: RewrapRecord,
    speed: RunSpeed,
    signal: AbortSignal,
    by: Attribution,
  ): Promise<RewrapProgress> {
    const { project, source, target } = job;
    let plan = job;
    let end = await new RewrapRun(this.parts, plan, speed, signal).toTheEnd();
    for (let again = 0; end === "rotated" && again < maxRotations && !signal.aborted; again += 1) {
      plan = await rewrapJob(this.parts, this.checks, project, source, target);
      end = await new RewrapRun(this.parts, plan, speed, signal).toTheEnd();
    }
    if (signal.aborted) return rewrapView(this.parts, record, "unfinished");
    // A KMS that names ever new versions is not to be believed.
    const stopped = end === "all-tried" ? undefined : end === "rotated" ? "bad-answer" : end;
    return finishRewrap(this.parts, plan, record, stopped, by);
  }

  /** Asks the KMS only what an alias names, and which version is the current one; writes none of it down. */
  private async dryRun(project: string, options: RewrapOptions): Promise<RewrapProgress> {
    const { from, to = from, signal } = checkedOptions(options);
    const { store, kms } = this.parts;
    const asked = async (cmk: CmkRecord): Promise<CmkRecord> => (from !== to && cmk.resolved ? cmk : described(kms, cmk, signal));
    const job = await rewrapJob(this.parts, { settle: asked, checkNow: asked }, project, from, to);
    const remaining = await store.reads.countDataKeys(project, job.from, job.exceptVersion);
    const startedAt = new Date(kms.clock.wallMs());
    return { project, from, to, state: "unfinished", dataKeys: remaining, remaining, failed: [], failedIds: [], startedAt };
  }
}

/** As a check would find it, if it went well. @throws {KmsError} */
async function described(kms: Kms, cmk: CmkRecord, signal: AbortSignal | undefined): Promise<CmkRecord> {
  const { provider, canonical } = cmk;
  const key = await kms.withoutMemory().open({ provider, resource: canonical }).describe({ signal });
  const at = new Date(kms.clock.wallMs());
  const validation = { phase: "done", code: "ok", message: "", since: at, checkedAt: at, key } as const;
  return { ...cmk, canonical: key.resource, pin: null, validation };
}

function checkedOptions(options: RewrapOptions): RewrapOptions {
  const { from, to } = options;
  const { requestsPerSecond, concurrency } = speedOf(options);
  if (typeof from !== "string") throw new TypeError("expected from to be a CMK's id, or operator");
  if (from === to) {
    const words = "The CMKs must differ. Without a target, data keys move to the key's current version.";
    throw new RegistryError("invalid-request", words);
  }
  if (requestsPerSecond !== undefined && !(requestsPerSecond >= 1 && requestsPerSecond <= maxRequestsPerSecond)) {
    throw new RangeError(`expected requestsPerSecond from 1 to ${maxRequestsPerSecond}`);
  }
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > maxConcurrency) {
    throw new RangeError(`expected concurrency to be a whole number from 1 to ${maxConcurrency}`);
  }
  return options;
}

function speedOf({ requestsPerSecond, concurrency = defaultConcurrency }: RewrapOptions): RunSpeed {
  return { requestsPerSecond, concurrency };
}

function nameOf(...parts: readonly [project: string, ...keys: string[]]): string {
  return JSON.stringify(parts);
}
