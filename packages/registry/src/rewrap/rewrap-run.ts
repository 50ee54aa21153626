import { randomBytes, randomInt } from "node:crypto";
import { isKmsError, type Clock, type DataKeyRecord, type EnvelopeCmk, type KmsErrorCode } from "@cmkit/core";
import { rewrapper, type Rewrapper } from "@cmkit/core/store";

import type { RegistryParts } from "../registry-parts.ts";
import { isRegistryError } from "../registry-error.ts";
import type { DataKeyPlace, RegistryWrites, RewrapFailure } from "../store.ts";
import { batchSize, firstBatch } from "./batch-size.ts";
import { GiveUp } from "./give-up.ts";
import { rewrapBatch, writeBatch, type Rewrapped } from "./rewrap-batch.ts";
import type { RewrapJob } from "./rewrap-job.ts";
import { sharedPace } from "./shared-pace.ts";

/** Batches of a process at the same time: while one is written, the other one asks the KMS. */
const batchesAtOnce = 2;
/** No data key of a batch is begun later: its rows are locked meanwhile. */
const batchMs = 15_000;
/** For one data key, with all its requests and the turns that they wait for. */
const dataKeyMs = 15_000;
const retryMs = 5000;
const pollMs = 500;
/** So long a store may be away, as while PostgreSQL restarts. */
const storePatienceMs = 60_000;

/** How fast a run may be. */
export interface RunSpeed {
  readonly requestsPerSecond: number | undefined;
  readonly concurrency: number;
}

/**
 * `rotated`: the key wraps under another version than it did when the run began. A code: why it ended before all was tried.
 * A run that was aborted may end with any.
 */
export type RunEnd = KmsErrorCode | "rotated" | "all-tried";

/** What a batch came to. */
interface Batch {
  readonly last: DataKeyPlace | undefined;
}

/** Rewraps until nothing is left, or nothing that can be. Any number of runs, in any number of processes, may do so at once. */
export class RewrapRun {
  private readonly parts: RegistryParts;
  private readonly job: RewrapJob;
  private readonly speed: RunSpeed;
  private readonly signal: AbortSignal;
  private readonly clock: Clock;
  private readonly giveUp: GiveUp;
  private end: KmsErrorCode | "rotated" | undefined;
  private batchLimit = firstBatch;
  private storeAwaySinceMs: number | undefined;

  constructor(parts: RegistryParts, job: RewrapJob, speed: RunSpeed, signal: AbortSignal) {
    this.parts = parts;
    this.job = job;
    this.speed = speed;
    this.signal = signal;
    this.clock = parts.kms.clock;
    this.giveUp = new GiveUp(this.clock);
  }

  /** @throws {RegistryError} `store-unavailable`: for longer than a restart takes; `bad-record` */
  async toTheEnd(): Promise<RunEnd> {
    const { parts, job, speed, signal } = this;
    const keys: readonly EnvelopeCmk[] = [job.from, job.to];
    const pace = await sharedPace(parts, keys, speed.requestsPerSecond, signal);
    const kms = parts.kms.withoutMemory({ pace });
    const rewrap = rewrapper({ kms, recordKey: parts.options.recordKey, from: job.from, to: job.to });
    const atOnce = Math.min(batchesAtOnce, speed.concurrency);
    // Together as many as may be at the same time.
    const lanes = Array.from({ length: atOnce }, (_, at) => Math.floor((speed.concurrency + at) / atOnce));
    const rounds = await Promise.allSettled(lanes.map(async (concurrency) => this.goRound(rewrap, concurrency)));
    const failure = rounds.find((round) => round.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    return this.end ?? this.giveUp.code ?? "all-tried";
  }

  /** From a random place onwards, so that processes seldom meet, and round until nothing is found. */
  private async goRound(rewrap: Rewrapper, concurrency: number): Promise<void> {
    try {
      let place = await this.inspite(async () => this.randomPlace());
      while (!this.isOver()) {
        const batch = await this.inspite(async () => this.batch(rewrap, concurrency, place));
        const isRound = batch?.last === undefined && place === undefined;
        if (batch !== undefined) place = batch.last;
        if (isRound && batch !== undefined && (await this.inspite(async () => this.isDone()))) return;
      }
    } catch (error) {
      // Nothing more may be wrapped so, or nothing can be written: the other batch ends, too.
      this.end ??= isKmsError(error) ? error.code : "unknown";
      if (!isKmsError(error)) throw error;
    }
  }

  private isOver(): boolean {
    return this.signal.aborted || this.end !== undefined || this.giveUp.code !== undefined;
  }

  private async randomPlace(): Promise<DataKeyPlace | undefined> {
    const services = await this.parts.store.reads.services(this.job.project, this.job.from);
    const service = services[services.length === 0 ? 0 : randomInt(services.length)];
    return service === undefined ? undefined : { service, id: new Uint8Array(randomBytes(32)) };
  }

  private async batch(rewrap: Rewrapper, concurrency: number, after: DataKeyPlace | undefined): Promise<Batch> {
    const { parts, job, clock } = this;
    const { project, from: cmk, exceptVersion } = job;
    const now = new Date(clock.wallMs());
    const claim = { project, cmk, exceptVersion, after, limit: this.batchLimit, now };
    return parts.store.claimDataKeys(claim, async (records, unreadable) => {
      const { replacements, failures } = await this.rewrapped(rewrap, concurrency, records);
      const unread = unreadable.map(({ id }): RewrapFailure => ({ id, code: "malformed", nextTryAt: null }));
      const last = lastPlace([...records, ...unreadable]);
      return async (tx: RegistryWrites) => {
        if (last === undefined) return { last };
        const outcome = await writeBatch(parts, job, { replacements, failures: [...failures, ...unread] }, tx);
        if (outcome === "rotated") this.end ??= outcome;
        return { last };
      };
    });
  }

  private async rewrapped(rewrap: Rewrapper, concurrency: number, records: readonly DataKeyRecord[]): Promise<Rewrapped> {
    const { clock, signal } = this;
    const startedMs = clock.monotonicMs();
    const done = await rewrapBatch(this.parts, rewrap, records, {
      concurrency,
      signal,
      timeoutMs: dataKeyMs,
      endsMs: startedMs + batchMs,
      retryAt: () => new Date(clock.wallMs() + retryMs * (0.5 + Math.random())),
    });
    const tried = done.replacements.length + done.failures.length;
    this.batchLimit = batchSize(this.batchLimit, tried, clock.monotonicMs() - startedMs);
    this.giveUp.take(done);
    if (this.job.exceptVersion !== undefined) this.lookAtVersions(this.job.exceptVersion, done);
    return done;
  }

  /** A key that was rotated meanwhile wraps under a version that the run does not know: it would find no end. */
  private lookAtVersions(current: string, { replacements }: Rewrapped): void {
    const other = replacements.find(({ after }) => after.keyVersion !== current);
    if (other !== undefined) this.end ??= other.after.keyVersion === null ? "unsupported" : "rotated";
  }

  /** Whether nothing is left to be tried; else waits until there may be something. */
  private async isDone(): Promise<boolean> {
    const { reads } = this.parts.store;
    const { project, from, exceptVersion } = this.job;
    const left = await reads.countDataKeys(project, from, exceptVersion);
    const { counts, nextTryAt } = await reads.rewrapFailures(project, from, exceptVersion);
    const failed = counts.reduce((sum, { count }) => sum + count, 0);
    if (left === 0 || (nextTryAt === null && failed >= left)) return true;
    // Others are at the rest, or it failed in passing.
    const dueMs = nextTryAt === null ? pollMs : nextTryAt.getTime() - this.clock.wallMs();
    await this.wait(Math.min(Math.max(dueMs, 50), retryMs));
    return false;
  }

  /** @returns Undefined after a failure of the store that may pass, and a wait. */
  private async inspite<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await run();
      this.storeAwaySinceMs = undefined;
      return result;
    } catch (error) {
      const nowMs = this.clock.monotonicMs();
      this.storeAwaySinceMs ??= nowMs;
      const isPassing = isRegistryError(error) && error.retryable && nowMs - this.storeAwaySinceMs < storePatienceMs;
      if (!isPassing) throw error;
      await this.wait(pollMs);
      return undefined;
    }
  }

  private async wait(ms: number): Promise<void> {
    await this.clock.sleep(ms, this.signal).catch(() => {});
  }
}

/** In the order in which a CMK's data keys are claimed. */
function lastPlace(places: readonly DataKeyPlace[]): DataKeyPlace | undefined {
  return places.reduce<DataKeyPlace | undefined>(
    (last, place) => (last === undefined || isAfter(place, last) ? place : last),
    undefined,
  );
}

function isAfter(a: DataKeyPlace, b: DataKeyPlace): boolean {
  return a.service === b.service ? Buffer.compare(a.id, b.id) > 0 : a.service > b.service;
}
