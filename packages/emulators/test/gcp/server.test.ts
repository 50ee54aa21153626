import { connect, constants } from "node:http2";
import { request } from "node:http";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type GcpEmulator, gcpEmulator, emulatorControl, type EmulatorControl } from "../../src/index.ts";
import { expectRefusal, operator, sdkOf, seedOf, startForTest, symmetric, transports } from "./emulated-kms.ts";

let emulator: GcpEmulator;
let main: string;

beforeAll(async () => {
  emulator = await gcpEmulator({ seed: seedOf([symmetric("main")]) });
  main = emulator.keyNamed("main");
});
afterAll(() => emulator.close());

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

/** Sends what fetch would not let through: any Host header, any target. */
function raw(method: string, path: string, body = "", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const authorization = `Bearer ${operator.accessToken}`;
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: emulator.port, method, path, headers: { authorization, ...headers } };
    const sent = request(options, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const messageOf = ({ body }: Answer): unknown => (JSON.parse(body) as { error: { message: string } }).error.message;

describe("REST", () => {
  test("writes enumerations by name, and by number where it is asked to", async () => {
    const named = await raw("GET", `/v1/${main}`);
    expect(named).toMatchObject({ status: 200, type: "application/json; charset=UTF-8" });
    expect(JSON.parse(named.body)).toMatchObject({
      purpose: "ENCRYPT_DECRYPT",
      primary: { state: "ENABLED", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION", protectionLevel: "SOFTWARE" },
      destroyScheduledDuration: "2592000s",
    });
    const numbered = await raw("GET", `/v1/${main}?$alt=json%3Benum-encoding=int&prettyPrint=false`);
    expect(JSON.parse(numbered.body)).toMatchObject({
      purpose: 1,
      primary: { state: 1, algorithm: 1, protectionLevel: 1 },
      versionTemplate: { protectionLevel: 1, algorithm: 1 },
    });
  });

  test("writes 64-bit numbers as text, bytes in base64, and leaves out what is false", async () => {
    const wrapped = await raw("POST", `/v1/${main}:encrypt`, JSON.stringify({ plaintext: "-_8=", plaintextCrc32c: 2293006389 }));
    expect(messageOf(wrapped)).toBe("The checksum in field plaintext_crc32c did not match the data in field plaintext.");
    const plain = await raw("POST", `/v1/${main}:encrypt`, JSON.stringify({ plaintext: "-_8" }));
    expect(JSON.parse(plain.body)).toEqual({
      name: `${main}/cryptoKeyVersions/1`,
      ciphertext: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      ciphertextCrc32c: expect.stringMatching(/^\d+$/),
      protectionLevel: "SOFTWARE",
    });
    const opened = await raw(
      "POST",
      `/v1/${main}:decrypt`,
      plain.body.replace(/"(?:name|protectionLevel)":"[^"]*",?/g, "").replace(",}", "}"),
    );
    expect(JSON.parse(opened.body)).toMatchObject({ plaintext: "+/8=", plaintextCrc32c: expect.any(String), usedPrimary: true });
  });

  test("updates with PATCH and a mask in the query, in either spelling", async () => {
    for (const [mask, next] of [
      ["nextRotationTime", "2090-01-01T00:00:00Z"],
      ["next_rotation_time", "2091-01-01T00:00:00Z"],
    ]) {
      const answer = await raw("PATCH", `/v1/${main}?updateMask=${mask}`, JSON.stringify({ nextRotationTime: next }));
      expect(JSON.parse(answer.body)).toMatchObject({ name: main, nextRotationTime: next?.replace("Z", ".000Z") });
    }
    const cleared = await raw("PATCH", `/v1/${main}?updateMask=nextRotationTime`, "{}");
    expect(JSON.parse(cleared.body)).not.toHaveProperty("nextRotationTime");
  });

  test.each([
    ["GET", "/"],
    ["GET", "/v1/projects/p-12345"],
    ["GET", `/v2/projects/cmkit-test/locations/l/keyRings/r`],
    ["DELETE", "/v1/MAIN"],
    ["POST", "/v1/MAIN"],
    ["GET", "/v1/MAIN:encrypt"],
    ["POST", "/v1/MAIN:sign"],
    ["POST", "/v1/MAIN/cryptoKeyVersions/1:decrypt"],
    ["GET", "/v1/MAIN%2FcryptoKeyVersions%2F1"],
    ["GET", "/v1/MAIN/cryptoKeyVersions/%00"],
    ["GET", "/v1/MAIN/cryptoKeyVersions/%zz"],
    ["GET", "//v1/MAIN"],
  ])("knows no %s %s", async (method, path) => {
    emulator.resetCalls();
    const answer = await raw(method, path.replace("MAIN", main));
    expect(answer).toMatchObject({ status: 404, type: "text/html; charset=UTF-8" });
    expect(emulator.counts()).toEqual({ unknown: 1 });
  });

  test.each([
    ["{", "Unable to parse"],
    ["[]", "Expected an object"],
    ['{"plaintxt":""}', 'Unknown name "plaintxt": Cannot find field.'],
    ['{"plaintext":7}', "Invalid value at 'plaintext' (bytes)"],
    ['{"plaintext":"*"}', "Invalid value at 'plaintext' (bytes)"],
    ['{"plaintextCrc32c":"x"}', "Invalid value at 'plaintextCrc32c' (Int64Value)"],
  ])("refuses the body %s", async (body, message) => {
    const answer = await raw("POST", `/v1/${main}:encrypt`, body);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  test("writes an error with its code, status and details", async () => {
    const name = `${main}/cryptoKeyVersions/1`;
    const answer = await raw("GET", `/v1/${name}/publicKey`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      error: {
        code: 400,
        message: `Operation requested for Key ${name} has incorrect key purpose: ENCRYPT_DECRYPT`,
        status: "FAILED_PRECONDITION",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
            violations: [{ type: "CRYPTO_SCHEME_MISMATCH", subject: name }],
          },
        ],
      },
    });
  });

  test.each(["example.com", "127.0.0.1", "127.0.0.1:1", "cloudkms.googleapis.com"])(
    "answers 421 to the name %s",
    async (host) => {
      expect((await raw("GET", `/v1/${main}`, "", { host })).status).toBe(421);
    },
  );
});

/** A call over bare HTTP/2, with any authority, for a name shorter than 128 bytes. Gives the gRPC status. */
function bareCall(authority: string, method = "GetCryptoKey", name = "", headers: object = {}): Promise<string> {
  const session = connect(emulator.grpcUrl);
  const path = `/google.cloud.kms.v1.KeyManagementService/${method}`;
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_AUTHORITY]: authority,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${operator.accessToken}`,
      ...headers,
    });
    const settle = (answered: Readonly<Record<string, unknown>>): void => {
      const status = answered["grpc-status"];
      if (typeof status === "string") resolve(status);
    };
    stream.on("response", settle);
    stream.on("trailers", settle);
    stream.on("error", reject);
    stream.resume();
    // The length of what follows; field 1, a text; its length.
    stream.end(Buffer.concat([Buffer.of(0, 0, 0, 0, name.length + 2, 0x0a, name.length), Buffer.from(name)]));
  }).finally(() => session.destroy());
}

describe("gRPC", () => {
  test("answers to its own names only", async () => {
    // 3: past the check of the host, and refused for its missing name.
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) expect(await bareCall(`${host}:${emulator.grpcPort}`)).toBe("3");
    for (const authority of ["example.com", "127.0.0.1", `cloudkms.googleapis.com:${emulator.grpcPort}`]) {
      expect(await bareCall(authority)).toBe("7");
    }
  });

  test("answers UNIMPLEMENTED where there is nothing", async () => {
    expect(await bareCall(`127.0.0.1:${emulator.grpcPort}`, "RawEncrypt")).toBe("12");
    const { kms, call } = sdkOf(emulator, "grpc");
    await expectRefusal(kms.macSign({ name: `${main}/cryptoKeyVersions/1`, data: Buffer.from("x") }, call), 12);
  });

  test("finds a location by the routing header, which the SDK writes", async () => {
    const host = `127.0.0.1:${emulator.grpcPort}`;
    const params = (name: string): object => ({ "x-goog-request-params": `name=${encodeURIComponent(name)}` });
    expect(await bareCall(host, "GetCryptoKey", main, params(main))).toBe("0");
    expect(await bareCall(host, "GetCryptoKey", main)).toBe("5");
    expect(await bareCall(host, "GetCryptoKey", main, params(main.replace("europe-west1", "us")))).toBe("5");
    const everywhere = await emulator.createKey(symmetric("everywhere", { location: "global" }));
    expect(await bareCall(host, "GetCryptoKey", everywhere)).toBe("0");
  });

  test("serves several connections, and goes on when one is gone", async () => {
    const first = sdkOf(emulator, "grpc");
    const second = sdkOf(emulator, "grpc");
    await first.kms.getCryptoKey({ name: main }, first.call);
    await first.kms.close();
    await second.kms.getCryptoKey({ name: main }, second.call);
  });
});

describe("an emulator", () => {
  test("takes the ports it is told, and gives them back when closed", async () => {
    const first = await gcpEmulator({ seed: seedOf([]) });
    const { port, grpcPort } = first;
    await expect(gcpEmulator({ seed: seedOf([]), grpcPort })).rejects.toThrow("EADDRINUSE");
    await expect(gcpEmulator({ seed: seedOf([]), port })).rejects.toThrow("EADDRINUSE");
    await first[Symbol.asyncDispose]();
    const second = await startForTest({ seed: seedOf([]), port, grpcPort });
    expect([second.url, second.grpcUrl]).toEqual([`http://127.0.0.1:${port}`, `http://127.0.0.1:${grpcPort}`]);
    expect(second.controlToken).not.toBe(first.controlToken);
  });

  test.each(transports)("ends a call over %s that waits when it is closed", async (transport) => {
    const waiting = await gcpEmulator({ seed: seedOf([symmetric("main")]) });
    waiting.faults.add({ fault: "latency", latencyMs: 3_600_000, times: 1 });
    const { kms, call } = sdkOf(waiting, transport);
    const ended = expectRefusal(kms.getCryptoKey({ name: waiting.keyNamed("main") }, call), 14);
    // Spent: the call has arrived and waits.
    await expect.poll(() => waiting.faults.list().length, { timeout: 20_000 }).toBe(0);
    await waiting.close();
    await ended;
    // The wait itself ended too: nothing is left that would keep the process alive.
    await expect.poll(() => waiting.calls().length, { timeout: 20_000 }).toBe(1);
  });
});

describe("the controls over HTTP", () => {
  const control = (controlToken = emulator.controlToken): EmulatorControl<GcpEmulator> =>
    emulatorControl<GcpEmulator>({ url: emulator.url, controlToken });

  test("do everything that the controls in the process do", async () => {
    const { kms, call } = sdkOf(emulator, "rest");
    const remote = control();
    const encrypt = (): Promise<unknown> => kms.encrypt({ name: main, plaintext: Buffer.from("x") }, call);
    await remote.disableKey(main);
    await expectRefusal(encrypt(), 9, "DISABLED");
    await remote.enableKey(main);
    await remote.scheduleKeyDeletion(main, 7);
    await expectRefusal(encrypt(), 9, "DESTROY_SCHEDULED");
    await remote.cancelKeyDeletion(main);
    await remote.enableKey(main);
    await remote.deny(main, { action: "Encrypt" });
    await expectRefusal(encrypt(), 7);
    await remote.allow(main);
    await remote.rotate(main);
    await remote.addFault({ fault: "checksum", of: "request" });
    expect(await remote.listFaults()).toEqual([{ fault: "checksum", of: "request" }]);
    await remote.clearFaults();
    expect(await remote.createKey(symmetric("made"))).toBe(emulator.keyNamed("made"));
    expect(await remote.keys()).toEqual(emulator.keys);
    await remote.resetCalls();
    await encrypt();
    expect(await remote.counts()).toEqual({ Encrypt: 1 });
  });

  test("want the token, and say what they expected", async () => {
    await expect(control("x").disableKey(main)).rejects.toThrow("401");
    await expect(control().disableKey("main")).rejects.toThrow("expected the full name of a key");
    await expect(control().createKey({ name: "x" } as never)).rejects.toThrow("key.algorithm: expected one of");
  });
});
