import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runCall, type Call, type Outcome } from "../src/call.ts";
import type { Failure } from "../src/driver.ts";
import { KmsError, kmsErrorCodes, type KmsErrorCode } from "../src/kms-error.ts";
import { untilDeadline } from "../src/limit.ts";
import { fakeClock, type FakeClock } from "../src/testing/index.ts";

/** A call whose n-th request ends as the n-th entry of `script` says; the last entry goes on. */
class Scripted {
  readonly clock: FakeClock = fakeClock();
  readonly sentAtMs: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly remainingMs: number[] = [];
  random = 0.5;
  private readonly script: readonly (Failure | "ok" | "hang")[];

  constructor(...script: readonly (Failure | KmsErrorCode | "ok" | "hang")[]) {
    this.script = script.map((step) => (typeof step === "object" || step === "ok" || step === "hang" ? step : { code: step }));
  }

  async run(options: Partial<Call<string>["options"]> = {}): Promise<Outcome<string>> {
    return runCall(
      {
        provider: "test",
        options: untilDeadline(options, this.clock),
        attempt: async ({ signal, remainingMs }) => {
          this.sentAtMs.push(this.clock.monotonicMs());
          this.signals.push(signal);
          this.remainingMs.push(remainingMs);
          const step = this.script[Math.min(this.sentAtMs.length, this.script.length) - 1] ?? "ok";
          if (step === "ok") return "answer";
          if (step === "hang") return new Promise<string>(() => {});
          throw new Error("the SDK's own", { cause: step });
        },
        classify: (error) => (error as Error).cause as Failure,
      },
      { clock: this.clock, random: () => this.random },
    );
  }

  /** Runs to the end, however long it takes. */
  async finish(options: Partial<Call<string>["options"]> = {}): Promise<{ code: KmsErrorCode | "ok"; attempts: number }> {
    const running = this.run(options);
    for (let steps = 0; steps < 200 && this.clock.waiting === 0; steps += 1) await turn();
    await this.clock.advance(60_000);
    const { result, attempts } = await running;
    return { code: result.ok ? "ok" : result.error.code, attempts };
  }
}

describe("retries", () => {
  test.each(kmsErrorCodes)("happen for %s only if it is throttled, unavailable or timeout", async (code) => {
    const call = new Scripted(code, "ok");
    const again = ["throttled", "unavailable", "timeout"].includes(code);
    expect(await call.finish()).toEqual(again ? { code: "ok", attempts: 2 } : { code, attempts: 1 });
    expect(call.clock.waiting).toBe(0);
  });

  test("end after four requests", async () => {
    expect(await new Scripted("throttled").finish()).toEqual({ code: "throttled", attempts: 4 });
  });

  test("happen for a KmsError that the driver throws itself", async () => {
    const clock = fakeClock();
    let sent = 0;
    const attempt = async (): Promise<string> => {
      sent += 1;
      throw new KmsError("unavailable", { provider: "test", requestId: "r" });
    };
    const classify = (): Failure => ({ code: "unknown" });
    const running = runCall({ provider: "test", options: {}, attempt, classify }, { clock, random: () => 0 });
    await clock.advance(10_000);
    expect(await running).toMatchObject({ attempts: 4, result: { ok: false, error: { code: "unavailable", requestId: "r" } } });
    expect(sent).toBe(4);
  });

  test("wait with full jitter below a ceiling that doubles", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (random) => {
        const call = new Scripted("throttled");
        call.random = random;
        await call.finish();
        const [first = 0, second = 0, third = 0, fourth = 0] = call.sentAtMs;
        const waits = [second - first, third - second, fourth - third];
        for (const [index, wait] of waits.entries()) expect(wait).toBeCloseTo(random * 50 * 2 ** index, 6);
      }),
      { numRuns: 20 },
    );
  });

  test("wait at least as long as the server asks", async () => {
    const call = new Scripted({ code: "throttled", retryAfterMs: 1500 }, "ok");
    expect(await call.finish()).toEqual({ code: "ok", attempts: 2 });
    expect(call.sentAtMs).toEqual([0, 1500]);
  });

  test("are given up at once when the server asks for more time than there is", async () => {
    const call = new Scripted({ code: "throttled", retryAfterMs: 5000 }, "ok");
    const running = call.run();
    await turn();
    const { attempts, result } = await running;
    expect({ attempts, result }).toMatchObject({ attempts: 1, result: { ok: false, error: { code: "throttled" } } });
    expect(call.clock.monotonicMs()).toBe(0);
    expect(call.clock.waiting).toBe(0);
  });

  test("keep the request id and our words of the last failure, and the SDK's error as the cause alone", async () => {
    const call = new Scripted({ code: "access-denied", requestId: "request-9", detail: "ask the owner", ambiguous: true });
    const { result } = await call.run();
    expect(result).toMatchObject({ ok: false, ambiguous: true, error: { requestId: "request-9", provider: "test" } });
    const error = result.ok ? undefined : result.error;
    expect(error?.message).toBe("test: we are not permitted to use the key: ask the owner");
    expect(error?.cause).toMatchObject({ message: "the SDK's own" });
  });
});

describe("the deadline", () => {
  test("is five seconds unless the caller says otherwise", async () => {
    const call = new Scripted("hang");
    const running = call.run();
    await call.clock.advance(4999);
    expect(call.signals[0]?.aborted).toBe(false);
    await call.clock.advance(1);
    expect((await running).result).toMatchObject({ ok: false, error: { code: "timeout" } });
    expect(call.remainingMs).toEqual([5000]);
  });

  test("ends a driver that ignores its signal", async () => {
    const call = new Scripted("hang");
    const running = call.run({ timeoutMs: 100 });
    await call.clock.advance(100);
    expect((await running).result).toMatchObject({ ok: false, error: { code: "timeout", retryable: true } });
    expect(call.signals[0]?.aborted).toBe(true);
    expect(call.clock.waiting).toBe(0);
  });

  test("holds for all requests together", async () => {
    const call = new Scripted("throttled", "hang");
    call.random = 0.9;
    const running = call.run({ timeoutMs: 100 });
    await call.clock.advance(100);
    expect((await running).attempts).toBe(2);
    expect(call.remainingMs).toEqual([100, 55]);
  });

  test("holds for all calls that share it", async () => {
    const call = new Scripted("hang");
    const options = untilDeadline({ timeoutMs: 100 }, call.clock);
    call.clock.jumpMonotonic(70);
    const running = call.run(options);
    await call.clock.advance(30);
    expect((await running).result).toMatchObject({ error: { code: "timeout" } });
  });

  test("that passes while the process stands still ends the call", async () => {
    const call = new Scripted("hang");
    const running = call.run({ timeoutMs: 100 });
    call.clock.jumpMonotonic(100);
    expect(await running).toMatchObject({ attempts: 1, result: { error: { code: "timeout" } } });
    expect(call.clock.waiting).toBe(0);
  });

  test("that has passed already sends nothing", async () => {
    const call = new Scripted("ok");
    const options = untilDeadline({ timeoutMs: 100 }, call.clock);
    call.clock.jumpMonotonic(100);
    const { attempts, result } = await call.run(options);
    expect({ attempts, result }).toMatchObject({ attempts: 0, result: { error: { code: "timeout" } } });
    expect(call.sentAtMs).toEqual([]);
  });

  test("is not waited for when a retry could not end before it", async () => {
    const call = new Scripted("unavailable");
    call.random = 0.999;
    const { attempts, result } = await call.run({ timeoutMs: 40 });
    expect({ attempts, result }).toMatchObject({ attempts: 1, result: { error: { code: "unavailable" } } });
  });

  test.each([0, -1, Number.NaN, Infinity, 2 ** 31])("cannot be %s", (timeoutMs) => {
    expect(() => untilDeadline({ timeoutMs }, fakeClock())).toThrow(RangeError);
  });
});

describe("a caller who aborts", () => {
  test("before the call sends nothing", async () => {
    const call = new Scripted("ok");
    const { attempts, result } = await call.run({ signal: AbortSignal.abort() });
    expect({ attempts, result }).toMatchObject({ attempts: 0, result: { error: { code: "aborted", retryable: false } } });
    expect(call.sentAtMs).toEqual([]);
  });

  test("during a request ends the wait at once", async () => {
    const call = new Scripted("hang");
    const caller = new AbortController();
    const running = call.run({ signal: caller.signal });
    await turn();
    caller.abort(new Error("the caller's secret reason"));
    const { result } = await running;
    expect(result).toMatchObject({ error: { code: "aborted" } });
    expect(call.signals[0]?.aborted).toBe(true);
    expect(call.signals[0]?.reason).not.toMatchObject({ message: "the caller's secret reason" });
    expect(call.clock.waiting).toBe(0);
  });

  test("between two requests ends the wait at once", async () => {
    const call = new Scripted({ code: "throttled", retryAfterMs: 1000 });
    const caller = new AbortController();
    const running = call.run({ signal: caller.signal });
    await call.clock.advance(10);
    caller.abort();
    expect(await running).toMatchObject({ attempts: 1, result: { error: { code: "aborted" } } });
    expect(call.clock.waiting).toBe(0);
  });

  test("while a request that answers at once is under way gets no answer, and what it held is wiped", async () => {
    const caller = new AbortController();
    const secret = new Uint8Array(32).fill(7);
    const attempt = async (): Promise<Uint8Array> => {
      caller.abort();
      return secret;
    };
    const classify = (): Failure => ({ code: "unknown" });
    const discard = (bytes: Uint8Array): void => void bytes.fill(0);
    const options = { signal: caller.signal };
    const running = runCall({ provider: "test", options, attempt, classify, discard }, { clock: fakeClock(), random: () => 0 });
    expect((await running).result).toMatchObject({ error: { code: "aborted" } });
    expect(secret).toEqual(new Uint8Array(32));
  });

  test("as a later request is sent ends the wait at once", async () => {
    const clock = fakeClock();
    const caller = new AbortController();
    let sent = 0;
    const attempt = async (): Promise<string> => {
      sent += 1;
      if (sent === 1) throw new KmsError("unavailable", { provider: "test" });
      caller.abort();
      return new Promise<string>(() => {});
    };
    const classify = (): Failure => ({ code: "unknown" });
    const options = { signal: caller.signal };
    const running = runCall({ provider: "test", options, attempt, classify }, { clock, random: () => 0.5 });
    await clock.advance(100);
    expect(await running).toMatchObject({ attempts: 2, result: { error: { code: "aborted" } } });
    expect(clock.waiting).toBe(0);
  });

  test("leaves no listener behind on a signal that lives on", async () => {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, "abort").length;
    const answer = Promise.withResolvers<string>();
    const clock = fakeClock();
    const classify = (): Failure => ({ code: "unknown" });
    const attempt = async (): Promise<string> => answer.promise;
    const running = runCall({ provider: "test", options: { signal }, attempt, classify }, { clock, random: () => 0 });
    await turn();
    expect([listeners(), clock.waiting]).toEqual([1, 1]);
    answer.resolve("answer");
    await running;
    expect([listeners(), clock.waiting]).toEqual([0, 0]);
  });

  test("costs a call that is answered at once neither a listener nor a timer", async () => {
    const { signal } = new AbortController();
    const clock = fakeClock();
    let made = 0;
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      made += 1;
      add(...given);
    };
    const sleep = async (ms: number, until?: AbortSignal): Promise<void> => {
      made += 1;
      return clock.sleep(ms, until);
    };
    const counting = { ...clock, sleep };
    const classify = (): Failure => ({ code: "unknown" });
    const run = async (attempt: () => Promise<string>): Promise<unknown> =>
      runCall({ provider: "test", options: { signal }, attempt, classify }, { clock: counting, random: () => 0 });
    await Promise.resolve();
    await run(async () => "answer");
    expect(made).toBe(0);
    await run(async () => {
      await turn();
      return "later";
    });
    expect(made).toBe(2);
  });
});

describe("an answer that comes too late", () => {
  test.each(["timeout", "aborted"])("is handed to be wiped after %s", async (why) => {
    const clock = fakeClock();
    const caller = new AbortController();
    const late = Promise.withResolvers<Uint8Array>();
    const secret = new Uint8Array(32).fill(7);
    const running = runCall(
      {
        provider: "test",
        options: { timeoutMs: 100, signal: caller.signal },
        attempt: async () => late.promise,
        classify: () => ({ code: "unknown" }),
        discard: (bytes) => bytes.fill(0),
      },
      { clock, random: () => 0 },
    );
    if (why === "aborted") caller.abort();
    await clock.advance(100);
    expect((await running).result).toMatchObject({ error: { code: why } });
    expect(secret[0]).toBe(7);
    late.resolve(secret);
    await turn();
    expect(secret).toEqual(new Uint8Array(32));
  });

  test("that fails disturbs nobody", async () => {
    const clock = fakeClock();
    const late = Promise.withResolvers<string>();
    const attempt = async (): Promise<string> => late.promise;
    const classify = (): Failure => ({ code: "unknown" });
    const running = runCall({ provider: "test", options: { timeoutMs: 1 }, attempt, classify }, { clock, random: () => 0 });
    await clock.advance(1);
    await running;
    late.reject(new Error("too late"));
    await turn();
  });
});
