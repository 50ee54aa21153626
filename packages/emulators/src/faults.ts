import { mapOf, numberUpTo, objectAt, objectOf, oneOf, optional, type Reader, text, wholeNumber } from "./json-shape.ts";

/** Which calls a fault meets, and how often. Without a filter it meets every call. */
export interface FaultFilter {
  /** An operation's name, such as `Decrypt`; `cryptographic` is all that wrap, unwrap or make data keys. */
  readonly operation?: string;
  /** A key's full name (an ARN on AWS). */
  readonly key?: string;
  /** The caller's full name (an IAM or STS ARN on AWS). */
  readonly principal?: string;
  /** Pairs that the call's encryption context must hold, all of them. */
  readonly context?: Readonly<Record<string, string>>;
  /** How many calls it meets before it is spent; without, it stays. */
  readonly times?: number;
  /** Which share of the calls it meets, above 0 to 1. Which ones these are follows from `seed` and their order alone. */
  readonly probability?: number;
  /** For `probability`; 0 by default. */
  readonly seed?: number;
}

/** What goes wrong, and its parameters. */
export type FaultEffect =
  | { readonly fault: "throttle"; readonly retryAfterSeconds?: number }
  /** Throttles what goes beyond `perSecond` calls in a fixed second of the emulator's clock. */
  | { readonly fault: "rate-limit"; readonly perSecond: number; readonly retryAfterSeconds?: number }
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
  /** Answers with other bytes than the plaintext, as many and with their own checksum: what a KMS that errs would give. */
  | { readonly fault: "other-plaintext" }
  /** Answers with other bytes than the ciphertext, as many and with their own checksum: they open nothing. */
  | { readonly fault: "other-ciphertext" }
  | { readonly fault: "checksum"; readonly of?: "answer" | "request" }
  | { readonly fault: "disable" }
  | { readonly fault: "deny" }
  | { readonly fault: "rotate" };

/** One fault of a script. */
export type Fault = FaultFilter & FaultEffect;

type FaultName = FaultEffect["fault"];

const status = optional(wholeNumber(500, 599));
const retryAfterSeconds = optional(wholeNumber(0, 86_400));

type EffectOf<N extends FaultName> = Extract<FaultEffect, { fault: N }>;

const effects: { readonly [N in FaultName]: Reader<EffectOf<N>> } = {
  throttle: objectOf<EffectOf<"throttle">>({ fault: oneOf(["throttle"]), retryAfterSeconds }),
  "rate-limit": objectOf<EffectOf<"rate-limit">>({
    fault: oneOf(["rate-limit"]),
    perSecond: wholeNumber(0, 1_000_000),
    retryAfterSeconds,
  }),
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
  "other-plaintext": objectOf<EffectOf<"other-plaintext">>({ fault: oneOf(["other-plaintext"]) }),
  "other-ciphertext": objectOf<EffectOf<"other-ciphertext">>({ fault: oneOf(["other-ciphertext"]) }),
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
  probability: optional(numberUpTo(1)),
  seed: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
});

/**
 * Reads a fault from JSON.
 *
 * @throws {TypeError | RangeError} that says which field was expected and what was found.
 */
export function parseFault(value: unknown): Fault {
  const { operation, key, principal, context, times, probability, seed, ...effect } = objectAt(value, "fault");
  const filter = { operation, key, principal, context, times, probability, seed };
  const name = readName(effect["fault"], "fault.fault");
  return { ...readFilter(filter, "fault"), ...effects[name](effect, "fault") };
}
