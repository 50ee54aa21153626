import { mapOf, objectAt, objectOf, oneOf, optional, type Reader, text, wholeNumber } from "./json-shape.ts";

/** Which calls a fault meets, and how often. Without a filter it meets every call. */
export interface FaultFilter {
  /** An operation's name, such as `Decrypt`. */
  readonly operation?: string;
  /** A key's full name (an ARN on AWS). */
  readonly key?: string;
  /** The caller's full name (an IAM or STS ARN on AWS). */
  readonly principal?: string;
  /** Pairs that the call's encryption context must hold, all of them. */
  readonly context?: Readonly<Record<string, string>>;
  /** How many calls it meets before it is spent; without, it stays. */
  readonly times?: number;
}

/** What goes wrong, and its parameters. */
export type FaultEffect =
  | { readonly fault: "throttle"; readonly retryAfterSeconds?: number }
  | { readonly fault: "latency"; readonly latencyMs: number }
  | { readonly fault: "error"; readonly name: string; readonly message?: string; readonly status?: number }
  | { readonly fault: "server-error"; readonly status?: number }
  | { readonly fault: "server-error-html"; readonly status?: number }
  | { readonly fault: "reset" }
  | { readonly fault: "cut-connection" }
  | { readonly fault: "empty-body" }
  | { readonly fault: "html-body" }
  | { readonly fault: "truncated-body" }
  | { readonly fault: "other-key"; readonly answerKey?: string }
  | { readonly fault: "plaintext-length"; readonly bytes: number }
  | { readonly fault: "checksum"; readonly of?: "answer" | "request" }
  | { readonly fault: "disable" }
  | { readonly fault: "deny" }
  | { readonly fault: "rotate" };

/** One fault of a script. */
export type Fault = FaultFilter & FaultEffect;

type FaultName = FaultEffect["fault"];

const status = optional(wholeNumber(500, 599));

type EffectOf<N extends FaultName> = Extract<FaultEffect, { fault: N }>;

const effects: { readonly [N in FaultName]: Reader<EffectOf<N>> } = {
  throttle: objectOf<EffectOf<"throttle">>({ fault: oneOf(["throttle"]), retryAfterSeconds: optional(wholeNumber(0, 86_400)) }),
  latency: objectOf<EffectOf<"latency">>({ fault: oneOf(["latency"]), latencyMs: wholeNumber(0, 3_600_000) }),
  error: objectOf<EffectOf<"error">>({
    fault: oneOf(["error"]),
    name: text(),
    message: optional(text()),
    status: optional(wholeNumber(400, 599)),
  }),
  "server-error": objectOf<EffectOf<"server-error">>({ fault: oneOf(["server-error"]), status }),
  "server-error-html": objectOf<EffectOf<"server-error-html">>({ fault: oneOf(["server-error-html"]), status }),
  reset: objectOf<EffectOf<"reset">>({ fault: oneOf(["reset"]) }),
  "cut-connection": objectOf<EffectOf<"cut-connection">>({ fault: oneOf(["cut-connection"]) }),
  "empty-body": objectOf<EffectOf<"empty-body">>({ fault: oneOf(["empty-body"]) }),
  "html-body": objectOf<EffectOf<"html-body">>({ fault: oneOf(["html-body"]) }),
  "truncated-body": objectOf<EffectOf<"truncated-body">>({ fault: oneOf(["truncated-body"]) }),
  "other-key": objectOf<EffectOf<"other-key">>({ fault: oneOf(["other-key"]), answerKey: optional(text()) }),
  "plaintext-length": objectOf<EffectOf<"plaintext-length">>({ fault: oneOf(["plaintext-length"]), bytes: wholeNumber(0, 4096) }),
  checksum: objectOf<EffectOf<"checksum">>({ fault: oneOf(["checksum"]), of: optional(oneOf(["answer", "request"])) }),
  disable: objectOf<EffectOf<"disable">>({ fault: oneOf(["disable"]) }),
  deny: objectOf<EffectOf<"deny">>({ fault: oneOf(["deny"]) }),
  rotate: objectOf<EffectOf<"rotate">>({ fault: oneOf(["rotate"]) }),
};

const readName = oneOf(Object.keys(effects) as FaultName[]);
const readFilter = objectOf<FaultFilter>({
  operation: optional(text()),
  key: optional(text()),
  principal: optional(text()),
  context: optional(mapOf(text())),
  times: optional(wholeNumber(1, 1_000_000)),
});

// These happen before the call, which then goes on to its own answer or to the next fault of the script.
const passing: ReadonlySet<FaultName> = new Set(["latency", "disable", "rotate"]);

/**
 * Reads a fault from JSON.
 *
 * @throws {TypeError | RangeError} that says which field was expected and what was found.
 */
export function parseFault(value: unknown): Fault {
  const { operation, key, principal, context, times, ...effect } = objectAt(value, "fault");
  const filter = { operation, key, principal, context, times };
  const name = readName(effect["fault"], "fault.fault");
  return { ...readFilter(filter, "fault"), ...effects[name](effect, "fault") };
}

/** What a fault's filter is held against. */
export interface FaultTarget {
  readonly operation: string;
  readonly key: string | undefined;
  readonly principal: string;
  readonly context: Readonly<Record<string, string>>;
}

function meets(filter: FaultFilter, target: FaultTarget): boolean {
  return (
    (filter.operation ?? target.operation) === target.operation &&
    (filter.key ?? target.key) === target.key &&
    (filter.principal ?? target.principal) === target.principal &&
    Object.entries(filter.context ?? {}).every(([name, value]) => target.context[name] === value)
  );
}

/** The script of one emulator, in the order in which faults were added. */
export class FaultScript {
  #entries: { readonly fault: Fault; left: number }[] = [];

  /**
   * Adds a fault at the end of the script.
   *
   * @returns A function that takes it out again.
   * @throws {TypeError | RangeError} when the fault is not well formed.
   */
  add(fault: Fault): () => void {
    const parsed = parseFault(fault);
    const entry = { fault: parsed, left: parsed.times ?? Number.POSITIVE_INFINITY };
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
   */
  take(target: FaultTarget): readonly Fault[] {
    const taken: Fault[] = [];
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (!meets(fault, target)) continue;
      entry.left -= 1;
      taken.push(fault);
      if (!passing.has(fault.fault)) break;
    }
    this.#entries = this.#entries.filter(({ left }) => left > 0);
    return taken;
  }
}
