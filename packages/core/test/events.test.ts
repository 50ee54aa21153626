import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { diagnosticsChannelName, eventHub, type CallEvent, type KmsEvent } from "../src/events.ts";
import { multiCloudKms } from "../src/kms.ts";
import { local } from "../src/local.ts";
import { stubKms } from "./kms-stub.ts";

const context = { tenant: "acme", purpose: "further value" };
const aes = { provider: "local", resource: "local:aes" };
const rsa = { provider: "local", resource: "local:rsa" };
const event: CallEvent = { type: "wrap", ...aes, outcome: "ok", attempts: 1, durationMs: 1 };

function outcomes(events: readonly KmsEvent[]): unknown[] {
  return events.map((one) => ("outcome" in one ? `${one.type} ${one.outcome} ${one.attempts}` : one.type));
}

describe("a call's events", () => {
  test("say what was done, for which tenant and key, in how many requests", async () => {
    const { kms, events } = stubKms();
    const key = kms.open(aes);
    const { wrapped } = await key.generateDataKey(context);
    await key.unwrapKey(wrapped, context);
    expect(outcomes(events)).toEqual(["describe ok 1", "wrap ok 1", "unwrap ok 1"]);
    expect(events[2]).toEqual({
      type: "unwrap",
      ...aes,
      tenant: "acme",
      outcome: "ok",
      attempts: 1,
      durationMs: expect.any(Number),
    });
    expect(events[0]).not.toHaveProperty("tenant");
  });

  test("count no request for a wrap that was made locally", async () => {
    const { kms, events } = stubKms();
    const key = kms.open(rsa);
    await key.wrapKey(new Uint8Array(32), context);
    expect(outcomes(events)).toEqual(["describe ok 1", "public-key ok 1", "unwrap ok 1", "wrap ok 0"]);
  });

  test("count each request that was sent again, and carry the cloud's id of the last", async () => {
    let failures = 2;
    const { kms, events, clock } = stubKms(
      (driver) => ({
        async describe(version, call) {
          failures -= 1;
          if (failures >= 0) throw new Error("slow down");
          return { ...(await driver.describe(version, call)), requestId: "request-3" };
        },
      }),
      { classify: () => ({ code: "throttled" }) },
    );
    const described = kms.open(aes).describe();
    await clock.advance(5000);
    expect(await described).not.toHaveProperty("requestId");
    expect(events).toEqual([
      { type: "describe", ...aes, outcome: "ok", attempts: 3, durationMs: expect.any(Number), requestId: "request-3" },
    ]);
  });

  test.each([
    ["aes", aes],
    ["rsa", rsa],
  ])("say that a KMS refused under %s, as the caller sees it", async (_kind, cmk) => {
    const { kms, events } = stubKms();
    const key = kms.open(cmk);
    const { wrapped } = await key.generateDataKey(context);
    events.length = 0;
    await expect(key.unwrapKey(wrapped, { tenant: "other" })).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(outcomes(events)).toEqual(["unwrap decrypt-failed 1", "refused decrypt-failed 1"]);
    expect(events[1]).toMatchObject({ tenant: "other", ...cmk });
  });

  test("say that an answer was not believed", async () => {
    const { kms, events, change } = stubKms();
    const key = kms.open(aes);
    const { wrapped } = await key.generateDataKey(context);
    events.length = 0;
    change((driver) => ({
      unwrap: async (request, call) => ({ ...(await driver.unwrap(request, call)), answeredBy: "local:other" }),
    }));
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "bad-answer" });
    expect(outcomes(events)).toEqual(["unwrap bad-answer 1"]);
  });

  test("do not call an outage a refusal", async () => {
    const { kms, events, clock } = stubKms(() => ({ describe: async () => Promise.reject(new Error("down")) }), {
      classify: () => ({ code: "unavailable" }),
    });
    await Promise.all([expect(kms.open(aes).describe()).rejects.toMatchObject({ code: "unavailable" }), clock.advance(5000)]);
    expect(outcomes(events)).toEqual(["describe unavailable 4"]);
  });

  test("say that nothing was wrapped under an RSA key that is disabled", async () => {
    const { kms, events } = stubKms((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), state: "disabled" }),
    }));
    await expect(kms.open(rsa).generateDataKey(context)).rejects.toMatchObject({ code: "key-disabled" });
    expect(outcomes(events).slice(-3)).toEqual(["describe ok 1", "wrap key-disabled 0", "refused key-disabled 0"]);
    expect(events.at(-1)).toMatchObject({ tenant: "acme", ...rsa });
  });

  test("hold no key, no wrap and no value of the context but the tenant", async () => {
    const { kms, events } = stubKms();
    for (const cmk of [aes, rsa]) {
      const key = kms.open(cmk);
      const generated = await key.generateDataKey(context);
      await key.unwrapKey(generated.wrapped, context);
      await key.unwrapKey(generated.wrapped, { tenant: "other" }).catch(() => {});
      const shown = events.map((one) => inspect(one, { depth: 10 }) + JSON.stringify(one)).join("");
      for (const bytes of [generated.key, generated.wrapped.bytes]) {
        const start = Buffer.from(bytes.subarray(0, 15));
        for (const encoding of ["hex", "base64", "base64url", "latin1"] as const)
          expect(shown).not.toContain(start.toString(encoding));
      }
      expect(shown).not.toContain("further value");
    }
    expect(new Set(events.flatMap((one) => Object.keys(one)))).toEqual(
      new Set(["type", "provider", "resource", "tenant", "outcome", "attempts", "durationMs"]),
    );
  });
});

describe("a listener", () => {
  test("that throws disturbs nobody", async () => {
    const kms = multiCloudKms({
      adapters: [local({ keys: { one: { aes256: new Uint8Array(32) } } })],
      onEvent: () => {
        throw new Error("a broken listener");
      },
    });
    const key = kms.open({ provider: "local", resource: "local:one" });
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
  });

  test("on the diagnostics channel gets the same events", () => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => void heard.push(message);
    const sink = eventHub();
    expect(sink.observed()).toBe(false);
    subscribe(diagnosticsChannelName, listener);
    try {
      expect(sink.observed()).toBe(true);
      sink.emit(event);
    } finally {
      unsubscribe(diagnosticsChannelName, listener);
    }
    sink.emit(event);
    expect(heard).toEqual([event]);
    expect(diagnosticsChannelName).toBe("cmkit");
  });

  test("in code is observed", () => {
    const heard: KmsEvent[] = [];
    const sink = eventHub((one) => void heard.push(one));
    sink.emit(event);
    expect([sink.observed(), heard]).toEqual([true, [event]]);
  });
});
