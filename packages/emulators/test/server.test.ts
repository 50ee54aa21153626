import { request } from "node:http";

import { DescribeKeyCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AwsEmulator, awsEmulator, emulatorControl, type EmulatorControl } from "../src/index.ts";
import { account, clientOf, expectRefusal, region, seedOf, startForTest } from "./emulated-kms.ts";

let emulator: AwsEmulator;
let KeyId: string;

beforeAll(async () => {
  emulator = await awsEmulator({ seed: seedOf([{ alias: "alias/main" }]) });
  KeyId = emulator.keyArn("alias/main");
});
afterAll(() => emulator.close());

/** Sends what fetch would not let through: any Host header, any target. */
function raw(headers: Record<string, string>, body = "", path = "/", method = "POST"): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: emulator.port, method, path, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("the server", () => {
  test.each(["127.0.0.1", "localhost", "[::1]"])("answers to its own name %s", async (name) => {
    // 400: past the check of the host, and refused for its missing signature.
    expect(await raw({ host: `${name}:${emulator.port}` })).toBe(400);
  });

  test.each(["example.com", "127.0.0.1", "127.0.0.1:1", "localhost.example.com", "kms.eu-west-1.amazonaws.com"])(
    "answers 421 to the name %s",
    async (host) => {
      expect(await raw({ host })).toBe(421);
      expect(await raw({ host, "x-cmkit-control-token": emulator.controlToken }, "", "/_cmkit/calls", "GET")).toBe(421);
    },
  );

  test("refuses a long body and a target that is a whole URL", async () => {
    const host = `127.0.0.1:${emulator.port}`;
    expect(await raw({ host }, "x".repeat(200_000))).toBe(413);
    expect(await raw({ host }, "", "http://example.com/")).toBe(400);
  });

  test("takes the port it is told, and gives it back when closed", async () => {
    const first = await awsEmulator({ seed: seedOf([]) });
    const { port } = first;
    await expect(awsEmulator({ seed: seedOf([]), port })).rejects.toThrow("EADDRINUSE");
    await first[Symbol.asyncDispose]();
    const second = await startForTest({ seed: seedOf([]), port });
    expect(second.url).toBe(`http://127.0.0.1:${port}`);
    expect(second.controlToken).not.toBe(first.controlToken);
  });

  test("ends a call that waits when it is closed", async () => {
    const waiting = await awsEmulator({ seed: seedOf([{ alias: "alias/main" }]) });
    waiting.faults.add({ fault: "latency", latencyMs: 3_600_000, times: 1 });
    const call = clientOf(waiting).send(new DescribeKeyCommand({ KeyId: "alias/main" }));
    const ended = call.then(
      () => "answered",
      () => "dropped",
    );
    // Spent: the call has arrived and waits.
    await expect.poll(() => waiting.faults.list().length).toBe(0);
    await waiting.close();
    expect(await ended).toBe("dropped");
    // The wait itself ended too: nothing is left that would keep the process alive.
    await expect.poll(() => waiting.calls().length).toBe(1);
  });
});

describe("the controls over HTTP", () => {
  const control = (controlToken = emulator.controlToken): EmulatorControl => emulatorControl({ url: emulator.url, controlToken });

  test("do everything that the controls in the process do", async () => {
    const kms = clientOf(emulator);
    const remote = control();
    const dataKey = (): Promise<unknown> => kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
    await remote.disableKey(KeyId);
    await expectRefusal(dataKey(), "DisabledException");
    await remote.enableKey(KeyId);
    await remote.scheduleKeyDeletion(KeyId, 7);
    await expectRefusal(dataKey(), "KMSInvalidStateException", "pending deletion");
    await remote.cancelKeyDeletion(KeyId);
    await remote.enableKey(KeyId);
    await remote.deny(KeyId, { action: "GenerateDataKey" });
    await expectRefusal(dataKey(), "AccessDeniedException");
    await remote.allow(KeyId);
    await remote.rotate(KeyId);
    await remote.addFault({ fault: "throttle" });
    await expectRefusal(dataKey(), "ThrottlingException");
    expect(await remote.listFaults()).toEqual([{ fault: "throttle" }]);
    await remote.clearFaults();
    const made = await remote.createKey({ region, account, keySpec: "SYMMETRIC_DEFAULT", alias: "alias/made" });
    expect(made).toBe(emulator.keyArn("alias/made"));
    expect(await remote.keys()).toEqual(emulator.keys);
    expect(await remote.calls()).toEqual(JSON.parse(JSON.stringify(emulator.calls())));
    await remote.resetCalls();
    await dataKey();
    expect(await remote.counts()).toEqual({ GenerateDataKey: 1 });
    expect(await remote.requestSeconds()).toEqual([{ second: expect.any(Number), requests: 1, throttled: 0 }]);
    expect(await remote.requestSeconds()).toEqual(emulator.requestSeconds());
  });

  test("take a plain POST", async () => {
    const response = await fetch(`${emulator.url}/_cmkit/control`, {
      method: "POST",
      headers: { "x-cmkit-control-token": emulator.controlToken },
      body: JSON.stringify({ action: "rotate", key: KeyId }),
    });
    expect(response.status).toBe(200);
  });

  test("want the token", async () => {
    await expect(control("").disableKey(KeyId)).rejects.toThrow("401");
    await expect(control(`${emulator.controlToken}x`).calls()).rejects.toThrow("401");
    await clientOf(emulator).send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
  });

  test("say what they expected", async () => {
    await expect(control().disableKey("alias/main")).rejects.toThrow("expected the ARN of a key");
    await expect(control().addFault({ fault: "gremlin" } as never)).rejects.toThrow("expected one of throttle");
    const unknown = {
      method: "POST",
      headers: { "x-cmkit-control-token": emulator.controlToken },
      body: '{"action":"snapshot"}',
    };
    const response = await fetch(`${emulator.url}/_cmkit/control`, unknown);
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining("body.action: expected one of disable"),
    ]);
  });

  test("are only ever called on loopback", () => {
    for (const url of ["https://127.0.0.1:1", "http://example.com", "http://127.0.0.1.example.com"]) {
      expect(() => emulatorControl({ url, controlToken: "x" })).toThrow("expected http on loopback");
    }
  });
});
