import { DecryptCommand, DescribeKeyCommand, EncryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type AwsEmulator, awsEmulator, type Fault, parseFault } from "../src/index.ts";
import { clientOf, expectRefusal, manualClock, operator, seedOf, startForTest } from "./emulated-kms.ts";

const delays: number[] = [];
let emulator: AwsEmulator;
let kms: ReturnType<typeof clientOf>;
let KeyId: string;

beforeAll(async () => {
  emulator = await awsEmulator({
    seed: seedOf([{ alias: "alias/main" }, { alias: "alias/other" }]),
    delay: async (ms) => void delays.push(ms),
  });
  kms = clientOf(emulator);
  KeyId = emulator.keyArn("alias/main");
});
beforeEach(() => {
  emulator.faults.clear();
  emulator.enableKey(KeyId);
  emulator.resetCalls();
});
afterAll(() => emulator.close());

const dataKey = (key = "alias/main"): Promise<{ Plaintext?: Uint8Array | undefined; KeyId?: string | undefined }> =>
  kms.send(new GenerateDataKeyCommand({ KeyId: key, KeySpec: "AES_256" }));

async function reasonOf(call: Promise<unknown>): Promise<{ name: string; $metadata?: { httpStatusCode?: number } }> {
  return call.then(
    () => ({ name: "succeeded" }),
    (error: unknown) => error as Error,
  );
}

describe("fault scripts", () => {
  test("throttle as often as told, with Retry-After, and then let go", async () => {
    emulator.faults.add({ fault: "throttle", times: 2, retryAfterSeconds: 3 });
    const error = (await reasonOf(dataKey())) as { name: string; $response?: { headers: Record<string, string> } };
    expect(error.name).toBe("ThrottlingException");
    expect(error.$response?.headers["retry-after"]).toBe("3");
    await expectRefusal(dataKey(), "ThrottlingException");
    expect((await dataKey()).Plaintext).toHaveLength(32);
    expect(emulator.faults.list()).toEqual([]);
  });

  test("play in the order in which they were added", async () => {
    emulator.faults.add({ fault: "throttle", times: 1 });
    emulator.faults.add({ fault: "error", name: "KeyUnavailableException", status: 500, times: 1 });
    await expectRefusal(dataKey(), "ThrottlingException");
    await expectRefusal(dataKey(), "KeyUnavailableException");
    await dataKey();
  });

  test("meet only the operation, key, principal and context they name", async () => {
    emulator.faults.add({ fault: "reset", operation: "Decrypt" });
    emulator.faults.add({ fault: "reset", key: emulator.keyArn("alias/other") });
    emulator.faults.add({ fault: "reset", principal: "arn:aws:iam::111122223333:user/somebody" });
    emulator.faults.add({ fault: "deny", principal: operator.arn, context: { tenant: "t1" } });
    await dataKey();
    expect((await reasonOf(dataKey("alias/other"))).name).not.toBe("succeeded");
    const encrypt = (tenant: string): EncryptCommand =>
      new EncryptCommand({ KeyId, Plaintext: new Uint8Array(8), EncryptionContext: { tenant } });
    await expectRefusal(kms.send(encrypt("t1")), "AccessDeniedException");
    const { CiphertextBlob } = await kms.send(encrypt("t2"));
    expect((await reasonOf(kms.send(new DecryptCommand({ CiphertextBlob })))).name).not.toBe("succeeded");
  });

  test("find the key of a Decrypt that names none", async () => {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: new Uint8Array(8) }));
    emulator.faults.add({ fault: "throttle", operation: "Decrypt", key: KeyId });
    await expectRefusal(kms.send(new DecryptCommand({ CiphertextBlob })), "ThrottlingException");
  });

  test("wait, and then let the call or the next fault go on", async () => {
    emulator.faults.add({ fault: "latency", latencyMs: 1500, times: 2 });
    await dataKey();
    emulator.faults.add({ fault: "throttle", times: 1 });
    await expectRefusal(dataKey(), "ThrottlingException");
    expect(delays).toEqual([1500, 1500]);
  });

  test.each<[Fault, string, number | undefined]>([
    [{ fault: "server-error" }, "KMSInternalException", 500],
    [{ fault: "server-error", status: 503 }, "KMSInternalException", 503],
    [{ fault: "server-error-html" }, "SyntaxError", 503],
    [{ fault: "html-body" }, "SyntaxError", 200],
    [{ fault: "truncated-body" }, "SyntaxError", 200],
    [{ fault: "reset" }, "TimeoutError", undefined],
    [{ fault: "cut-connection" }, "Error", 200],
    [{ fault: "error", name: "DependencyTimeoutException", message: "late", status: 503 }, "DependencyTimeoutException", 503],
  ])("reach the client: %j", async (fault, name, status) => {
    emulator.faults.add({ ...fault, times: 1 });
    const error = await reasonOf(dataKey());
    expect({ name: error.name, status: error.$metadata?.httpStatusCode }).toEqual({ name, status });
    await dataKey();
  });

  test("answer with an empty body", async () => {
    emulator.faults.add({ fault: "empty-body" });
    expect(await dataKey()).not.toHaveProperty("Plaintext");
  });

  test("name another key in the answer", async () => {
    emulator.faults.add({ fault: "other-key", times: 1 });
    expect((await dataKey()).KeyId).not.toBe(KeyId);
    emulator.faults.add({ fault: "other-key", answerKey: emulator.keyArn("alias/other"), times: 1 });
    expect((await dataKey()).KeyId).toBe(emulator.keyArn("alias/other"));
  });

  test.each([0, 16, 31, 33])("answer with a plaintext of %i bytes", async (bytes) => {
    emulator.faults.add({ fault: "plaintext-length", bytes });
    expect((await dataKey()).Plaintext).toHaveLength(bytes);
  });

  test("answer with another plaintext, or with a ciphertext that opens nothing", async () => {
    const plaintext = new Uint8Array(32).fill(7);
    const encrypt = async (): Promise<Uint8Array> =>
      (await kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext }))).CiphertextBlob ?? new Uint8Array();
    const blob = await encrypt();
    const open = async (CiphertextBlob: Uint8Array): Promise<Uint8Array | undefined> =>
      (await kms.send(new DecryptCommand({ KeyId, CiphertextBlob }))).Plaintext;
    emulator.faults.add({ fault: "other-plaintext", times: 1 });
    const opened = await open(blob);
    expect(opened).toHaveLength(32);
    expect(opened).not.toEqual(plaintext);
    expect(await open(blob)).toEqual(plaintext);
    emulator.faults.add({ fault: "other-ciphertext", times: 1 });
    const other = await encrypt();
    expect(other).toHaveLength(blob.length);
    await expectRefusal(open(other), "InvalidCiphertextException");
  });

  test("throttle what goes beyond a rate, in the cryptographic requests of a second", async () => {
    const clock = manualClock();
    const second = Math.floor(clock.nowMs / 1000);
    const limited = await startForTest({ seed: seedOf([{ alias: "alias/main" }]), clock });
    const client = clientOf(limited);
    const send = async (): Promise<unknown> =>
      client.send(new GenerateDataKeyCommand({ KeyId: "alias/main", KeySpec: "AES_256" }));
    limited.faults.add({ fault: "rate-limit", perSecond: 2, operation: "cryptographic" });
    await send();
    await send();
    await expectRefusal(send(), "ThrottlingException");
    await client.send(new DescribeKeyCommand({ KeyId: "alias/main" }));
    clock.nowMs += 1000;
    await send();
    expect(limited.requestSeconds()).toEqual([
      { second, requests: 3, throttled: 1 },
      { second: second + 1, requests: 1, throttled: 0 },
    ]);
    limited.resetCalls();
    expect(limited.requestSeconds()).toEqual([]);
  });

  test.each(["answer", "request"] as const)("leave an answer as it is that has no checksums of the %s", async (of) => {
    emulator.faults.add({ fault: "checksum", of });
    expect(await dataKey()).toMatchObject({ KeyId, Plaintext: expect.toSatisfy((given) => given.byteLength === 32) });
  });

  test("disable or rotate the key before the call", async () => {
    const describeMain = new DescribeKeyCommand({ KeyId });
    const before = (await kms.send(describeMain)).KeyMetadata?.CurrentKeyMaterialId;
    emulator.faults.add({ fault: "rotate", times: 1 });
    expect(await dataKey()).not.toHaveProperty("KeyMaterialId", before);
    emulator.faults.add({ fault: "disable", operation: "GenerateDataKey", times: 1 });
    await expectRefusal(dataKey(), "DisabledException");
    expect((await kms.send(describeMain)).KeyMetadata?.KeyState).toBe("Disabled");
  });

  test("can be taken out again", async () => {
    const remove = emulator.faults.add({ fault: "throttle" });
    remove();
    await dataKey();
  });

  test.each<[unknown, string]>([
    [{ fault: "gremlin" }, "fault.fault: expected one of throttle, rate-limit, latency"],
    [{ fault: "latency" }, "fault.latencyMs: expected a whole number from 0 to 3600000, got nothing"],
    [{ fault: "throttle", times: 0 }, "fault.times: expected a whole number from 1"],
    [{ fault: "reset", latencyMs: 1 }, 'expected only the fields fault, got "latencyMs"'],
    ["reset", "fault: expected an object, got a string"],
  ])("refuse %j and say what was expected", (value, message) => {
    expect(() => parseFault(value)).toThrow(message);
  });
});

describe("the call log", () => {
  test("lists operations with key and outcome, counts them, and forgets on demand", async () => {
    await dataKey();
    await reasonOf(dataKey("alias/none"));
    emulator.faults.add({ fault: "reset", times: 1 });
    await reasonOf(dataKey());
    expect(emulator.calls()).toEqual([
      { operation: "GenerateDataKey", keyId: KeyId, status: 200, errorName: undefined },
      { operation: "GenerateDataKey", keyId: "alias/none", status: 400, errorName: "NotFoundException" },
      { operation: "GenerateDataKey", keyId: KeyId, status: 0, errorName: undefined },
    ]);
    expect(emulator.counts()).toEqual({ GenerateDataKey: 3 });
    emulator.resetCalls();
    expect(emulator.calls()).toEqual([]);
  });

  test("counts a call when it arrives, however late it is answered, and lists it then", async () => {
    const { promise: late, resolve: answer } = Promise.withResolvers<void>();
    const slow = await startForTest({ seed: seedOf([{ alias: "alias/main" }]), delay: async () => late });
    slow.faults.add({ fault: "latency", latencyMs: 30_000, times: 1 });
    const hanging = clientOf(slow).send(new DescribeKeyCommand({ KeyId: "alias/main" }));
    await expect.poll(() => slow.counts()).toEqual({ DescribeKey: 1 });
    expect(slow.calls()).toEqual([]);
    slow.resetCalls();
    answer();
    await hanging;
    expect([slow.counts(), slow.calls()]).toEqual([{}, [expect.objectContaining({ operation: "DescribeKey", status: 200 })]]);
  });
});
