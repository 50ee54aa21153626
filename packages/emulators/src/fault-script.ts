import { createHash } from "node:crypto";

import { isCryptographic } from "./cryptographic-operations.ts";
import { type Fault, type FaultFilter, parseFault } from "./faults.ts";

/** What a fault's filter is held against. */
export interface FaultTarget {
  readonly operation: string;
  readonly key: string | undefined;
  readonly principal: string;
  readonly context: Readonly<Record<string, string>>;
}

/** A fault of the script, and what it has met so far. */
interface Entry {
  readonly fault: Fault;
  left: number;
  /** Calls that chance has decided on. */
  drawn: number;
  /** The calls that a rate limit has let through in one second. */
  passed: { readonly second: number; calls: number };
}

// These happen before the call, which then goes on to its own answer or to the next fault of the script.
const passing: ReadonlySet<Fault["fault"]> = new Set(["latency", "disable", "rotate"]);

function meets(filter: FaultFilter, target: FaultTarget): boolean {
  const { operation = target.operation } = filter;
  return (
    (operation === "cryptographic" ? isCryptographic(target.operation) : operation === target.operation) &&
    (filter.key ?? target.key) === target.key &&
    (filter.principal ?? target.principal) === target.principal &&
    Object.entries(filter.context ?? {}).every(([name, value]) => target.context[name] === value)
  );
}

/** Whether the call that comes next is one of the share that the fault meets: always the same ones for a seed. */
function isDrawn(entry: Entry): boolean {
  const { probability, seed = 0 } = entry.fault;
  if (probability === undefined) return true;
  entry.drawn += 1;
  const drawn = createHash("sha256").update(`${seed} ${entry.drawn}`).digest().readUInt32BE();
  return drawn < probability * 2 ** 32;
}

function isWithinLimit(entry: Entry, nowMs: number): boolean {
  const { fault } = entry;
  if (fault.fault !== "rate-limit") return false;
  const second = Math.floor(nowMs / 1000);
  if (entry.passed.second !== second) entry.passed = { second, calls: 0 };
  if (entry.passed.calls >= fault.perSecond) return false;
  entry.passed.calls += 1;
  return true;
}

/** The script of one emulator, in the order in which faults were added. */
export class FaultScript {
  #entries: Entry[] = [];

  /**
   * Adds a fault at the end of the script.
   *
   * @returns A function that takes it out again.
   * @throws {TypeError | RangeError} when the fault is not well formed.
   */
  add(fault: Fault): () => void {
    const parsed = parseFault(fault);
    const left = parsed.times ?? Number.POSITIVE_INFINITY;
    const entry: Entry = { fault: parsed, left, drawn: 0, passed: { second: 0, calls: 0 } };
    this.#entries.push(entry);
    return () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  }

  /** The faults that are not spent. */
  list(): readonly Fault[] {
    return this.#entries.map(({ fault }) => fault);
  }

  /** Empties the script. */
  clear(): void {
    this.#entries = [];
  }

  /**
   * Takes what one call meets: every matching fault up to the first that decides the answer, so that
   * a script of "throttle twice, then fail once" plays in that order.
   *
   * @param nowMs By the emulator's clock.
   */
  take(target: FaultTarget, nowMs: number): readonly Fault[] {
    const taken: Fault[] = [];
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (!meets(fault, target) || !isDrawn(entry) || isWithinLimit(entry, nowMs)) continue;
      entry.left -= 1;
      taken.push(fault);
      if (!passing.has(fault.fault)) break;
    }
    this.#entries = this.#entries.filter(({ left }) => left > 0);
    return taken;
  }
}
