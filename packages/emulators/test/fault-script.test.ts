import { describe, expect, test } from "vitest";

import { type FaultTarget } from "../src/fault-script.ts";
import { type Fault, FaultScript, parseFault } from "../src/index.ts";
import { RequestSeconds } from "../src/request-seconds.ts";

const decrypt: FaultTarget = { operation: "Decrypt", key: "k", principal: "p", context: {} };
const start = 1_700_000_000_000;

const scriptOf = (...faults: readonly Fault[]): FaultScript => {
  const script = new FaultScript();
  for (const fault of faults) script.add(fault);
  return script;
};
const limit = { fault: "rate-limit", perSecond: 3 } as const;

describe("a rate limit", () => {
  const letThrough = (script: FaultScript, calls: number, nowMs: number, target = decrypt): number =>
    Array.from({ length: calls }, () => script.take(target, nowMs)).filter((taken) => taken.length === 0).length;

  test("lets as many calls through in each fixed second as it says", () => {
    const script = scriptOf(limit);
    expect(letThrough(script, 10, start)).toBe(3);
    expect(letThrough(script, 10, start + 999)).toBe(0);
    expect(letThrough(script, 2, start + 1000)).toBe(2);
    expect(letThrough(script, 2, start + 1999)).toBe(1);
    expect(script.take(decrypt, start + 1999)).toEqual([limit]);
    expect(letThrough(script, 10, start + 60_000)).toBe(3);
  });

  test("counts the calls that its filter meets, and no others", () => {
    const script = scriptOf({ ...limit, operation: "cryptographic", key: "k" });
    expect(letThrough(script, 10, start, { ...decrypt, operation: "DescribeKey" })).toBe(10);
    expect(letThrough(script, 10, start, { ...decrypt, key: "other" })).toBe(10);
    expect(letThrough(script, 2, start)).toBe(2);
    expect(letThrough(script, 2, start, { ...decrypt, operation: "Encrypt" })).toBe(1);
  });

  test("counts no call that an earlier fault has answered", () => {
    const script = scriptOf({ fault: "reset", times: 5 }, limit);
    expect(letThrough(script, 10, start)).toBe(3);
    expect(script.list()).toEqual([limit]);
  });

  test("of 0 lets nothing through", () => {
    expect(letThrough(scriptOf({ ...limit, perSecond: 0 }), 5, start)).toBe(0);
  });
});

describe("a fault with a probability", () => {
  const met = (fault: Fault, calls = 2000): readonly number[] => {
    const script = scriptOf(fault);
    return Array.from({ length: calls }, (_, call) => call).filter(() => script.take(decrypt, start).length > 0);
  };

  test("meets about that share of the calls", () => {
    expect(met({ fault: "reset", probability: 0.05 }).length).toBeGreaterThan(60);
    expect(met({ fault: "reset", probability: 0.05 }).length).toBeLessThan(140);
    expect(met({ fault: "reset", probability: 1 })).toHaveLength(2000);
  });

  test("meets the same calls for a seed, and others for another", () => {
    const drawn = met({ fault: "reset", probability: 0.3, seed: 7 });
    expect(met({ fault: "reset", probability: 0.3, seed: 7 })).toEqual(drawn);
    expect(met({ fault: "reset", probability: 0.3, seed: 8 })).not.toEqual(drawn);
    expect(met({ fault: "reset", probability: 0.3 })).toEqual(met({ fault: "reset", probability: 0.3, seed: 0 }));
  });

  test("draws for the calls that its filter meets alone, and is spent by those that it meets", () => {
    const fault: Fault = { fault: "reset", probability: 0.3, operation: "Decrypt", times: 4 };
    const script = scriptOf(fault);
    const drawn: number[] = [];
    for (let call = 0; call < 2000; call += 1) {
      script.take({ ...decrypt, operation: "Encrypt" }, start);
      if (script.take(decrypt, start).length > 0) drawn.push(call);
    }
    expect(drawn).toEqual(met({ fault: "reset", probability: 0.3 }).slice(0, 4));
    expect(script.list()).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{ fault: "reset", probability: 0 }, "fault.probability: expected a number above 0, up to 1, got 0"],
    [{ fault: "reset", probability: 1.1 }, "fault.probability: expected a number above 0, up to 1, got 1.1"],
    [{ fault: "reset", probability: Number.NaN }, "fault.probability: expected a number above 0, up to 1, got NaN"],
    [{ fault: "reset", probability: "1" }, "fault.probability: expected a number above 0, up to 1, got a string"],
    [{ fault: "reset", seed: -1 }, "fault.seed: expected a whole number from 0"],
    [{ fault: "rate-limit" }, "fault.perSecond: expected a whole number from 0 to 1000000, got nothing"],
  ])("or a rate is refused when it is not well formed: %j", (value, message) => {
    expect(() => parseFault(value)).toThrow(message);
  });
});

describe("the count of requests by seconds", () => {
  test("keeps the latest hour in which something came", () => {
    const seconds = new RequestSeconds();
    for (let second = 0; second < 4000; second += 1) {
      seconds.add(start + 2000 * second, false);
      seconds.add(start + 2000 * second + 999, second % 2 === 0);
    }
    const list = seconds.list();
    expect(list).toHaveLength(3600);
    expect(list.at(0)).toEqual({ second: start / 1000 + 800, requests: 2, throttled: 1 });
    expect(list.at(-1)).toEqual({ second: start / 1000 + 7998, requests: 2, throttled: 0 });
    seconds.reset();
    expect(seconds.list()).toEqual([]);
  });
});
