import { runCall, type CallRuntime } from "./call.ts";
import { now } from "./clock.ts";
import type { Cmk, KeyDescription } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { DriverAnswer, DriverCall, DriverDescription, DriverOperation, Failure, KmsAdapter, KmsDriver } from "./driver.ts";
import type { CallEvent, EventSink } from "./events.ts";
import type { KeyMemory, KnownKey } from "./key-memory.ts";
import { keyStateCode } from "./key-state-code.ts";
import type { CallOptions } from "./limit.ts";
import { isKmsError, KmsError, type KmsErrorCode } from "./kms-error.ts";
import type { Pace } from "./pace.ts";

export interface KeyRuntime extends CallRuntime {
  readonly memory: KeyMemory;
  readonly emit: EventSink;
  readonly pace: Pace | undefined;
}

const supportedBits = { rsa: [2048, 3072, 4096], symmetric: [256] } as const;

/** What a call is about, beside the key. */
interface CallSubject {
  readonly context?: BoundContext;
  /** Null for the key as such. */
  readonly keyVersion: string | null;
}

const eventTypes = {
  describe: "describe",
  publicKey: "public-key",
  wrap: "wrap",
  generateDataKey: "wrap",
  unwrap: "unwrap",
} as const;

/** Calls to one key through its adapter: events, what the key's state means, and answers that contradict what is known. */
export class KeyCalls {
  readonly cmk: Cmk;
  readonly runtime: KeyRuntime;
  readonly adapter: KmsAdapter;
  private readonly opened: KmsDriver;
  private learned: KnownKey | undefined;

  constructor(adapter: KmsAdapter, driver: KmsDriver, runtime: KeyRuntime) {
    this.cmk = Object.freeze({ provider: adapter.provider, resource: driver.resource });
    this.adapter = adapter;
    this.opened = driver;
    this.runtime = runtime;
  }

  /** What this process has learned of the key; undefined before the first describe. */
  memory(): KnownKey | undefined {
    return (this.learned ??= this.runtime.memory.get(this.cmk)); // what is learned is never replaced
  }

  /** What is known of the key, asking the KMS if nothing is. */
  async known(keyVersion: string | null, options: CallOptions): Promise<KnownKey> {
    if (this.memory() === undefined) await this.describe(keyVersion, options);
    return this.memory() ?? this.refuse("unknown");
  }

  /** The driver of the key itself: an alias is resolved once and then fixed. */
  driver(): KmsDriver {
    const known = this.memory();
    return known === undefined || known.resource === this.opened.resource ? this.opened : this.adapter.open(known.resource);
  }

  async describe(keyVersion: string | null, options: CallOptions): Promise<KeyDescription> {
    const started = now(this.runtime.clock);
    const driver = this.driver();
    const send = async (call: DriverCall): Promise<DriverDescription> => driver.describe(keyVersion, call);
    return this.call("describe", { keyVersion }, options, send, (described) => {
      const { requestId: _, ...answer } = described;
      const description: KeyDescription = { provider: this.cmk.provider, ...answer };
      const named = { answeredBy: answer.resource, keyVersion: answer.keyVersion };
      this.checkAnswer(named, driver.resolved ? driver.resource : null, keyVersion);
      this.checkVersion(answer.keyVersion);
      if (!this.isKeyItself(answer.resource)) this.refuse("bad-answer", "the KMS did not name the key itself");
      if (!supportedBits[answer.kind].some((bits) => bits === answer.bits)) this.refuse("wrong-key-size", `${answer.bits} bits`);
      const known = this.runtime.memory.learn(this.cmk, description);
      if (keyVersion === null) known.currentVersion = description.keyVersion;
      if (description.state === "enabled") known.confirmed.set(description.keyVersion, started);
      return description;
    });
  }

  /** The KMS must say now that the key is enabled; if it was asked for a wrap, that wrap is refused. */
  async confirm(keyVersion: string | null, wrapFor: BoundContext | undefined, options: CallOptions): Promise<void> {
    const { state } = await this.describe(keyVersion, options);
    const code = keyStateCode[state];
    if (code === undefined) return;
    if (wrapFor !== undefined) this.report("wrap", wrapFor, code, 0, 0);
    this.refuse(code);
  }

  checkAnswer(answer: DriverAnswer, resource: string | null, keyVersion: string | null): void {
    if (resource !== null && answer.answeredBy !== null && answer.answeredBy !== resource) {
      this.refuse("bad-answer", "it names another key than the one that was asked for");
    }
    if (keyVersion !== null && answer.keyVersion !== null && answer.keyVersion !== keyVersion) {
      this.refuse("bad-answer", "it names another key version than the one that was asked for");
    }
  }

  /** A version that unwrapping would refuse must not be recorded. */
  checkVersion(keyVersion: string | null): void {
    if (keyVersion !== null && !this.adapter.keyVersionGrammar.test(keyVersion)) {
      this.refuse("bad-answer", "it names a key version that is none of this cloud's");
    }
  }

  private isKeyItself(resource: string): boolean {
    try {
      return this.adapter.open(resource).resolved;
    } catch {
      return false;
    }
  }

  refuse(code: KmsErrorCode, detail?: string): never {
    throw new KmsError(code, { provider: this.cmk.provider, ...(detail === undefined ? {} : { detail }) });
  }

  /**
   * @param accept Believes an answer or refuses it, before anybody hears that the call went well.
   * @param discard Frees what an answer holds that comes too late.
   */
  async call<T extends { readonly requestId?: string | undefined }, R>(
    operation: DriverOperation,
    { context, keyVersion }: CallSubject,
    options: CallOptions,
    attempt: (call: DriverCall) => Promise<T>,
    accept: (answer: T) => R,
    discard?: (late: T) => void,
  ): Promise<R> {
    const { provider } = this.cmk;
    const type = eventTypes[operation];
    const classify = (error: unknown): Failure => this.adapter.classify(error, operation);
    const paced = this.paced(operation, attempt, classify);
    const outcome = await runCall({ provider, options, attempt: paced, classify, ...(discard && { discard }) }, this.runtime);
    const { result, attempts, durationMs } = outcome;
    if (!result.ok) {
      const error =
        result.ambiguous && operation !== "describe" ? await this.disambiguate(result.error, keyVersion, options) : result.error;
      this.report(type, context, error.code, attempts, durationMs, error.requestId);
      throw error;
    }
    const { requestId } = result.value;
    try {
      const accepted = accept(result.value);
      this.report(type, context, "ok", attempts, durationMs, requestId);
      return accepted;
    } catch (error) {
      if (isKmsError(error)) this.report(type, context, error.code, attempts, durationMs, requestId);
      throw error;
    }
  }

  /** Each request in its turn, where there are turns. */
  private paced<T>(
    operation: DriverOperation,
    attempt: (call: DriverCall) => Promise<T>,
    classify: (error: unknown) => Failure,
  ): (call: DriverCall) => Promise<T> {
    const { pace } = this.runtime;
    if (pace === undefined) return attempt;
    return async (call) => {
      const turn = pace.turn(this.cmk, operation, call);
      if (turn !== undefined) {
        await turn;
        call.signal.throwIfAborted(); // it may come after the caller has gone
      }
      try {
        const answer = await attempt(call);
        pace.answered(this.cmk, operation, "ok");
        return answer;
      } catch (error) {
        pace.answered(this.cmk, operation, (isKmsError(error) ? error : classify(error)).code);
        throw error;
      }
    };
  }

  /** Emits what became of a call, and that the KMS refused where only the customer can mend it. */
  report(
    type: CallEvent["type"],
    context: BoundContext | undefined,
    outcome: CallEvent["outcome"],
    attempts: number,
    durationMs: number,
    requestId?: string,
  ): void {
    const event: CallEvent = {
      type,
      ...this.cmk,
      outcome,
      attempts,
      durationMs,
      ...(context === undefined ? {} : { tenant: context.entries.tenant }),
      ...(requestId === undefined ? {} : { requestId }),
    };
    this.runtime.emit(event);
    if (outcome !== "ok" && new KmsError(outcome).httpStatus === 422) this.runtime.emit({ ...event, type: "refused" });
  }

  /** The cloud's answer could mean several things: the key's own state decides, or its absence, where we may ask for it. */
  private async disambiguate(error: KmsError, keyVersion: string | null, options: CallOptions): Promise<KmsError> {
    const { provider } = this.cmk;
    const { requestId } = error;
    try {
      const code = keyStateCode[(await this.describe(keyVersion, options)).state];
      return code === undefined
        ? error
        : new KmsError(code, { provider, cause: error, ...(requestId === undefined ? {} : { requestId }) });
    } catch (second) {
      if (!isKmsError(second)) return error;
      // Nobody is told that a ciphertext is bad while it may be the key, and asking for its state can be tried again.
      const undecided = error.code === "decrypt-failed" && second.retryable;
      const decides = second.code === "key-not-found" || (error.httpStatus !== 422 && second.httpStatus === 422);
      return decides || undecided ? second : error;
    }
  }
}
