import {
  kmsErrorCodes,
  KmsError,
  type DriverOperation,
  type KeyState,
  type KmsErrorCode,
  type UnwrapRequest,
  type WrapRequest,
} from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { checkAccess, type AccessFinding } from "../../src/check-access.ts";
import { aes, rsa, scriptedKms, type Changes, type ScriptedKms } from "./scripted-kms.ts";

const project = "acme";

/** Starts a check and lets time pass until it has ended. */
async function checked(scripted: ScriptedKms, ...[cmk, options]: CheckArguments): Promise<AccessFinding> {
  const finding = checkAccess(scripted.kms, cmk, project, options);
  finding.catch(() => {});
  await scripted.clock.advance(10_000);
  return finding;
}
type CheckArguments = [cmk: Parameters<typeof checkAccess>[1], options?: Parameters<typeof checkAccess>[3]];

/** One operation of the driver is replaced, from its n-th call on. */
function replaced(operation: DriverOperation, work: () => Promise<never>, nth = 1): Changes {
  let calls = 0;
  return (driver) => {
    const original = driver[operation] as ((...args: readonly unknown[]) => Promise<never>) | undefined;
    const call = async (...args: readonly unknown[]): Promise<never> => {
      calls += 1;
      return calls < nth || original === undefined ? (original?.(...args) ?? work()) : work();
    };
    return { [operation]: call };
  };
}

const refusing = (operation: DriverOperation, code: KmsErrorCode, nth = 1): Changes =>
  replaced(operation, async () => Promise.reject(new KmsError(code, { provider: "local", detail: "as scripted" })), nth);
const hanging = (operation: DriverOperation, nth = 1): Changes =>
  replaced(operation, async () => new Promise<never>(() => {}), nth);

describe("a key that works", () => {
  it("passes, and what the KMS says of it is found: symmetric", async () => {
    const scripted = scriptedKms();
    expect(await checked(scripted, aes)).toEqual({
      phase: "done",
      code: "ok",
      message: "The key works: it opened what was wrapped under it, under the right context alone.",
      operation: "unwrap",
      description: await scripted.kms.open(aes).describe(),
      publicKey: undefined,
      resolved: aes,
    });
    expect(scripted.asked.slice(0, -1)).toEqual(["describe", "generateDataKey", "wrap", "unwrap", "unwrap"]);
  });

  it("passes, and what the KMS says of it is found: RSA", async () => {
    const scripted = scriptedKms();
    const { publicKey, description, ...rest } = await checked(scripted, rsa);
    expect(rest).toMatchObject({ phase: "done", code: "ok", resolved: rsa });
    expect(description).toMatchObject({ kind: "rsa", bits: 2048 });
    expect(scripted.asked).toEqual(["describe", "publicKey", "unwrap", "unwrap"]);
    expect(publicKey).toEqual(await scripted.kms.open(rsa).publicKey());
  });

  it("is found behind its alias", async () => {
    const follows: Changes = (driver) => ({
      describe: async (...args) => ({ ...(await driver.describe(...args)), resource: aes.resource }),
    });
    const finding = await checked(scriptedKms(follows), { provider: "local", resource: "local:alias-of-aes" });
    expect(finding).toMatchObject({ phase: "done", resolved: aes });
  });

  it("is asked under the project's context and a word of its own, and for nothing else", async () => {
    const contexts: Record<string, string>[] = [];
    const noting: Changes = (driver) => ({
      wrap: async (request: WrapRequest, call) => {
        contexts.push({ ...request.context.entries });
        return driver.wrap(request, call);
      },
      unwrap: async (request: UnwrapRequest, call) => {
        contexts.push({ ...request.context.entries });
        return driver.unwrap(request, call);
      },
    });
    await checked(scriptedKms(noting), aes);
    expect(contexts.map((context) => Object.keys(context))).toEqual([1, 2, 3].map(() => ["tenant", "cmkit-check"]));
    expect(new Set(contexts.map(({ tenant }) => tenant))).toEqual(new Set([project]));
    const [wrapped, right, wrong] = contexts.map((context) => context["cmkit-check"]);
    expect(right).toBe(wrapped);
    expect(wrong).not.toBe(wrapped);
  });

  it("leaves no probe behind: its bytes are wiped", async () => {
    const probes: Uint8Array[] = [];
    const noting: Changes = (driver) => ({
      wrap: async (request, call) => {
        probes.push(request.plaintext);
        return driver.wrap(request, call);
      },
    });
    await checked(scriptedKms(noting), aes);
    expect(probes).toEqual([new Uint8Array(32)]);
  });
});

/** Where an operation is asked first, for which kind of key, and how often it was asked before. */
const places = [
  { phase: "describe", cmk: aes, operation: "describe", nth: 1, before: [] },
  { phase: "public-key", cmk: rsa, operation: "publicKey", nth: 1, before: ["describe"] },
  { phase: "wrap", cmk: aes, operation: "generateDataKey", nth: 1, before: ["describe"] },
  { phase: "wrap", cmk: aes, operation: "wrap", nth: 1, before: ["describe", "generateDataKey"] },
  { phase: "unwrap", cmk: aes, operation: "unwrap", nth: 1, before: ["describe", "generateDataKey", "wrap"] },
  { phase: "unwrap", cmk: rsa, operation: "unwrap", nth: 1, before: ["describe", "publicKey"] },
  { phase: "context", cmk: aes, operation: "unwrap", nth: 2, before: ["describe", "generateDataKey", "wrap", "unwrap"] },
  { phase: "context", cmk: rsa, operation: "unwrap", nth: 2, before: ["describe", "publicKey", "unwrap"] },
] as const;

describe.each(places)("$operation of $cmk.resource, in the phase $phase,", ({ phase, cmk, operation, nth, before }) => {
  const refusals = kmsErrorCodes.filter((code) => phase !== "context" || !["decrypt-failed", "access-denied"].includes(code));

  it("ends the check with every code that it can fail with, and says what to do", async () => {
    for (const code of refusals) {
      const scripted = scriptedKms(refusing(operation, code, nth));
      const { message, ...finding } = await checked(scripted, cmk);
      expect(finding).toMatchObject({ phase, code, operation });
      expect(finding.description === undefined).toBe(phase === "describe");
      expect(message).toMatch(/^When we [^:]+: local: .+: as scripted\. [A-Z].+\.$/);
      expect(new Set(scripted.asked)).toEqual(new Set([...before, operation]));
    }
  });

  it("ends the check in time when the KMS does not answer", async () => {
    for (const [timeoutMs, endsMs] of [
      [undefined, 4500],
      [60_000, 4500],
      [1000, 1000],
    ] as const) {
      const { kms, clock } = scriptedKms(hanging(operation, nth));
      let finding: AccessFinding | undefined;
      void checkAccess(kms, cmk, project, { timeoutMs }).then((found) => (finding = found));
      await clock.advance(endsMs - 1);
      expect(finding).toBeUndefined();
      await clock.advance(2);
      expect(finding).toMatchObject({ phase, code: "timeout", operation });
      expect(clock.waiting).toBe(0);
    }
  });

  it("leaves nothing of it when the caller aborts", async () => {
    const { kms, clock } = scriptedKms(hanging(operation, nth));
    const caller = new AbortController();
    const finding = checkAccess(kms, cmk, project, { signal: caller.signal });
    finding.catch(() => {});
    await clock.advance(100);
    caller.abort();
    await expect(finding).rejects.toMatchObject({ code: "aborted" });
    expect(clock.waiting).toBe(0);
  });
});

describe("a check", () => {
  it("has one deadline for all its phases", async () => {
    const scripted = scriptedKms();
    scripted.slowMs = 1000;
    expect(await checked(scripted, aes)).toMatchObject({ phase: "context", code: "timeout" });
    scripted.asked.length = 0;
    expect(await checked(scripted, aes, { timeoutMs: 2500 })).toMatchObject({ phase: "wrap", code: "timeout" });
    expect(scripted.asked).toEqual(["describe", "generateDataKey", "wrap"]);
  });

  it("takes a deadline above 0", async () => {
    for (const timeoutMs of [0, -1, Number.NaN]) {
      await expect(checkAccess(scriptedKms().kms, aes, project, { timeoutMs })).rejects.toThrow(RangeError);
    }
  });

  it.each<[KeyState, KmsErrorCode]>([
    ["disabled", "key-disabled"],
    ["pending-deletion", "key-pending-deletion"],
    ["pending-import", "key-pending-import"],
    ["destroyed", "key-destroyed"],
    ["expired", "key-expired"],
    ["not-yet-valid", "key-not-yet-valid"],
    ["unavailable", "unavailable"],
  ])("finds that the key is %s, and asks no more", async (state, code) => {
    const dates = { expiresAt: new Date("2029-12-31T12:00:00Z"), deletionAt: new Date("2030-02-01T12:00:00Z") };
    const scripted = scriptedKms((driver) => ({
      describe: async (...args) => ({ ...(await driver.describe(...args)), state, ...dates }),
    }));
    const finding = await checked(scripted, rsa);
    expect(finding).toMatchObject({ phase: "describe", code, description: { state }, resolved: rsa, publicKey: undefined });
    const date = { "pending-deletion": "2030-02-01", expired: "2029-12-31" }[state as string];
    expect(finding.message.includes(": on 20")).toBe(date !== undefined);
    expect(finding.message).toContain(date ?? "");
    expect(scripted.asked).toEqual(["describe"]);
  });

  it("refuses a KMS that does not look at the context", async () => {
    const blind: Changes = (driver) => {
      let context: WrapRequest["context"] | undefined;
      return {
        unwrap: async (request, call) => {
          context = firstContext ??= request.context;
          return driver.unwrap({ ...request, context }, call);
        },
      };
    };
    let firstContext: WrapRequest["context"] | undefined;
    const finding = await checked(scriptedKms(blind), aes);
    expect(finding).toMatchObject({ phase: "context", code: "bad-answer" });
    expect(finding.message).toContain("under another context");
  });

  it.each(["decrypt-failed", "access-denied"] as const)("takes %s for the refusal of another context", async (code) => {
    expect(await checked(scriptedKms(refusing("unwrap", code, 2)), aes)).toMatchObject({ phase: "done", code: "ok" });
  });

  it("refuses a KMS that opens something else than what was wrapped", async () => {
    const other: Changes = (driver) => ({
      unwrap: async (...args) => ({ ...(await driver.unwrap(...args)), plaintext: new Uint8Array(32) }),
    });
    const finding = await checked(scriptedKms(other), aes);
    expect(finding).toMatchObject({ phase: "unwrap", code: "bad-answer" });
    expect(finding.message).toContain("what it opened is not what was wrapped");
  });

  it("finds that there is no adapter, or that the resource is none, without throwing", async () => {
    const { kms } = scriptedKms();
    const missing = await checkAccess(kms, { provider: "aws", resource: "x" }, project);
    expect(missing).toMatchObject({ phase: "describe", code: "adapter-missing", description: undefined, resolved: undefined });
    expect(await checkAccess(kms, { ...aes, resource: "elsewhere" }, project)).toMatchObject({ code: "invalid-resource" });
  });

  it("throws what is no answer of a KMS", async () => {
    const { kms } = scriptedKms();
    const open = (): never => {
      throw new TypeError("a fault of ours");
    };
    const faulty = { ...kms, withoutMemory: () => ({ ...kms, open }) };
    await expect(checkAccess(faulty, aes, project)).rejects.toThrow("a fault of ours");
  });

  it("never repeats what the cloud says, and stays within 1,000 characters", async () => {
    const loud = replaced("describe", async () => Promise.reject(new Error("role/operator-secret is not authorized")));
    const unknown = await checked(scriptedKms(loud), aes);
    expect(unknown).toMatchObject({ phase: "describe", code: "unknown" });
    expect(JSON.stringify(unknown)).not.toContain("operator-secret");
    const detail = "\u{1f511}".repeat(1000);
    const long = replaced("describe", async () => Promise.reject(new KmsError("unsupported", { detail })));
    const { message } = await checked(scriptedKms(long), aes);
    expect(message.length).toBeLessThanOrEqual(1000);
    expect(message.isWellFormed()).toBe(true);
  });

  it("gives the cloud's id of a request that failed in a way nobody knows", async () => {
    const failing = replaced("describe", async () =>
      Promise.reject(new KmsError("unknown", { provider: "local", requestId: "r-1" })),
    );
    expect((await checked(scriptedKms(failing), aes)).message).toContain("(request r-1)");
  });
});
