import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { crc32c } from "../../src/gcp/crc32c.ts";
import { type Fault, type GcpEmulator, gcpEmulator } from "../../src/index.ts";
import {
  errorOf,
  expectRefusal,
  operator,
  rsa,
  type Sdk,
  sdkOf,
  seedOf,
  symmetric,
  type Transport,
  transports,
  viewer,
} from "./emulated-kms.ts";

const delays: number[] = [];
let emulator: GcpEmulator;
let main: string;
let other: string;

beforeAll(async () => {
  emulator = await gcpEmulator({
    seed: seedOf([symmetric("main"), symmetric("other"), rsa("rsa")]),
    delay: async (ms) => void delays.push(ms),
  });
  main = emulator.keyNamed("main");
  other = emulator.keyNamed("other");
});
beforeEach(() => {
  emulator.faults.clear();
  emulator.resetCalls();
});
afterAll(() => emulator.close());

const plaintext = Buffer.from("0123456789abcdef0123456789abcdef");

async function encrypt(
  { kms, call }: Sdk,
  name = main,
): Promise<{ readonly name?: string | null; readonly ciphertext: Uint8Array }> {
  const [answer] = await kms.encrypt({ name, plaintext, plaintextCrc32c: { value: crc32c(plaintext) } }, call);
  return { ...answer, ciphertext: Buffer.from(answer.ciphertext ?? "") };
}

async function decrypt(
  { kms, call }: Sdk,
  ciphertext: Uint8Array,
): Promise<{ readonly plaintext: Buffer; readonly checksum: string }> {
  const [answer] = await kms.decrypt({ name: main, ciphertext }, call);
  return { plaintext: Buffer.from(answer.plaintext ?? ""), checksum: String(answer.plaintextCrc32c?.value) };
}

describe.each(transports)("faults over %s", (transport) => {
  const sdk = (): Sdk => sdkOf(emulator, transport);

  test("throttle as often as told, with the delay that the service asks for, and then let go", async () => {
    const it = sdk();
    emulator.faults.add({ fault: "throttle", times: 1, retryAfterSeconds: 3 });
    emulator.faults.add({ fault: "throttle", times: 1 });
    const hinted = await expectRefusal(encrypt(it), 8, "Quota exceeded for quota metric");
    expect(hinted.statusDetails).toMatchObject([{ retryDelay: { seconds: expect.toSatisfy((given) => Number(given) === 3) } }]);
    const plain = await expectRefusal(encrypt(it), 8);
    expect(plain.statusDetails ?? []).toEqual([]);
    await encrypt(it);
  });

  test.each<[Fault, Partial<Record<Transport, readonly [number | undefined, string]>>]>([
    [{ fault: "server-error" }, { rest: [14, "unavailable"], grpc: [14, "unavailable"] }],
    [
      { fault: "server-error", status: 500 },
      { rest: [13, "unavailable"], grpc: [13, "unavailable"] },
    ],
    [
      { fault: "server-error", status: 502 },
      { rest: [14, "unavailable"], grpc: [14, "unavailable"] },
    ],
    [
      { fault: "server-error", status: 504 },
      { rest: [4, "unavailable"], grpc: [4, "unavailable"] },
    ],
    [{ fault: "server-error-html" }, { rest: [14, "could not be decoded"], grpc: [14, "HTTP status code 503"] }],
    [
      { fault: "error", name: "ABORTED", message: "again" },
      { rest: [10, "again"], grpc: [10, "again"] },
    ],
    [
      { fault: "error", name: "11", message: "far" },
      { rest: [11, "far"], grpc: [11, "far"] },
    ],
    [
      { fault: "error", name: "NO_SUCH_CODE", message: "odd" },
      { rest: [2, "odd"], grpc: [2, "odd"] },
    ],
    [{ fault: "deny" }, { rest: [7, "useToEncrypt"], grpc: [7, "useToEncrypt"] }],
    [{ fault: "html-body" }, { rest: [14, "JSON"], grpc: [2, "HTTP status code 200"] }],
    [{ fault: "truncated-body" }, { rest: [14, "JSON"], grpc: [13, "parsing error"] }],
    [{ fault: "reset" }, { rest: [14, ""], grpc: [14, ""] }],
    [{ fault: "cut-connection" }, { rest: [14, ""], grpc: [14, ""] }],
  ])("reach the client: %j", async (fault, expected) => {
    const it = sdk();
    emulator.faults.add({ ...fault, times: 1 });
    const error = await errorOf(encrypt(it));
    const [code, message] = expected[transport] ?? [];
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringContaining(message ?? "") });
    await encrypt(it);
  });

  test("answer with nothing, which gRPC takes for a message without fields", async () => {
    emulator.faults.add({ fault: "empty-body", times: 1 });
    const outcome = await encrypt(sdk()).then(
      ({ ciphertext }) => `${ciphertext.byteLength} bytes`,
      (error: unknown) => String(error),
    );
    expect(outcome).toBe({ rest: "Error: Received null response from RPC Encrypt", grpc: "0 bytes" }[transport]);
  });

  test("meet only the method, key and principal they name", async () => {
    const it = sdk();
    emulator.faults.add({ fault: "server-error", operation: "Decrypt" });
    emulator.faults.add({ fault: "server-error", key: other });
    emulator.faults.add({ fault: "server-error", principal: viewer.email });
    const { ciphertext } = await encrypt(it);
    await expectRefusal(decrypt(it, ciphertext), 14);
    await expectRefusal(encrypt(it, other), 14);
    await expectRefusal(it.kms.getCryptoKeyVersion({ name: `${other}/cryptoKeyVersions/1` }, it.call), 14);
    await expectRefusal(encrypt(sdkOf(emulator, transport, viewer.accessToken)), 14);
    await encrypt(sdkOf(emulator, transport, operator.accessToken));
  });

  test("wait, and then let the call or the next fault go on", async () => {
    delays.length = 0;
    emulator.faults.add({ fault: "latency", latencyMs: 1500, times: 2 });
    await encrypt(sdk());
    emulator.faults.add({ fault: "throttle", times: 1 });
    await expectRefusal(encrypt(sdk()), 8);
    expect(delays).toEqual([1500, 1500]);
  });

  test("name another key wherever an answer names one", async () => {
    const { kms, call } = sdk();
    const version = `${emulator.keyNamed("rsa")}/cryptoKeyVersions/1`;
    emulator.faults.add({ fault: "other-key", times: 1 });
    expect((await encrypt({ kms, call })).name).toMatch(/\/cryptoKeys\/main-[0-9a-f]{8}\/cryptoKeyVersions\/1$/);
    emulator.faults.add({ fault: "other-key", answerKey: other });
    expect((await encrypt({ kms, call })).name).toBe(`${other}/cryptoKeyVersions/1`);
    expect((await kms.getPublicKey({ name: version }, call))[0].name).toBe(`${other}/cryptoKeyVersions/1`);
    expect((await kms.getCryptoKey({ name: main }, call))[0]).toMatchObject({
      name: other,
      primary: { name: `${other}/cryptoKeyVersions/1` },
    });
    expect((await kms.listCryptoKeyVersions({ parent: main }, call))[0]).toMatchObject([
      { name: `${other}/cryptoKeyVersions/1` },
    ]);
    emulator.faults.clear();
    emulator.faults.add({ fault: "other-key", answerKey: `${main}/cryptoKeyVersions/7` });
    expect((await encrypt({ kms, call })).name).toBe(`${main}/cryptoKeyVersions/7`);
  });

  test.each([0, 31, 33])("answer with a plaintext of %i bytes and the checksum of it", async (bytes) => {
    const it = sdk();
    const { ciphertext } = await encrypt(it);
    emulator.faults.add({ fault: "plaintext-length", bytes });
    const opened = await decrypt(it, ciphertext);
    expect(opened.plaintext).toHaveLength(bytes);
    expect(opened.checksum).toBe(String(crc32c(opened.plaintext)));
  });

  test("answer with another plaintext or ciphertext, and the checksum of it", async () => {
    const it = sdk();
    const { ciphertext } = await encrypt(it);
    emulator.faults.add({ fault: "other-plaintext", times: 1 });
    const opened = await decrypt(it, ciphertext);
    expect(opened.plaintext).toHaveLength(plaintext.length);
    expect(opened.plaintext).not.toEqual(plaintext);
    expect(opened.checksum).toBe(String(crc32c(opened.plaintext)));
    emulator.faults.add({ fault: "other-ciphertext", times: 1 });
    const other = await encrypt(it);
    expect(other).toMatchObject({ ciphertextCrc32c: { value: String(crc32c(other.ciphertext)) } });
    await expectRefusal(decrypt(it, other.ciphertext), 3);
  });

  test("throttle what goes beyond a rate, in the cryptographic requests of a second", async () => {
    const it = sdk();
    emulator.faults.add({ fault: "rate-limit", perSecond: 0, operation: "cryptographic", times: 2 });
    const version = `${emulator.keyNamed("rsa")}/cryptoKeyVersions/1`;
    await it.kms.getPublicKey({ name: version }, it.call);
    await expectRefusal(encrypt(it), 8);
    await expectRefusal(it.kms.asymmetricDecrypt({ name: version, ciphertext: plaintext }, it.call), 8);
    const { ciphertext } = await encrypt(it);
    await decrypt(it, ciphertext);
    const seconds = emulator.requestSeconds();
    expect(seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(4);
    expect(seconds.reduce((sum, { throttled }) => sum + throttled, 0)).toBe(2);
  });

  test("answer with checksums that do not fit", async () => {
    const it = sdk();
    const { ciphertext } = await encrypt(it);
    emulator.faults.add({ fault: "checksum" });
    const opened = await decrypt(it, ciphertext);
    expect(opened.plaintext).toEqual(plaintext);
    expect(opened.checksum).not.toBe(String(crc32c(plaintext)));
    const [{ pem, pemCrc32c }] = await it.kms.getPublicKey({ name: `${emulator.keyNamed("rsa")}/cryptoKeyVersions/1` }, it.call);
    expect(String(pemCrc32c?.value)).not.toBe(String(crc32c(Buffer.from(pem ?? ""))));
    const wrapped = await encrypt(it);
    expect(wrapped).toMatchObject({ verifiedPlaintextCrc32c: true });
    expect(wrapped).not.toHaveProperty("ciphertextCrc32c.value", String(crc32c(wrapped.ciphertext)));
  });

  test("do not say that the request's checksums fitted", async () => {
    emulator.faults.add({ fault: "checksum", of: "request" });
    const wrapped = await encrypt(sdk());
    expect(wrapped).toMatchObject({
      verifiedPlaintextCrc32c: false,
      ciphertextCrc32c: { value: String(crc32c(wrapped.ciphertext)) },
    });
  });

  test("disable or rotate the key before the call", async () => {
    const it = sdk();
    const name = await emulator.createKey(symmetric(`rotating-${transport}`));
    emulator.faults.add({ fault: "rotate", times: 1 });
    expect((await encrypt(it, name)).name).toBe(`${name}/cryptoKeyVersions/2`);
    emulator.faults.add({ fault: "disable", times: 1 });
    await expectRefusal(encrypt(it, name), 9, "is not enabled, current state is: DISABLED.");
  });
});

test("a throttled answer carries Retry-After over REST", async () => {
  emulator.faults.add({ fault: "throttle", retryAfterSeconds: 3 });
  const headers = { authorization: `Bearer ${operator.accessToken}` };
  const response = await fetch(`${emulator.url}/v1/${main}`, { headers });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "3"]);
});

test("the call log lists methods of both transports with key and outcome", async () => {
  for (const transport of transports) {
    const it = sdkOf(emulator, transport);
    await encrypt(it);
    emulator.faults.add({ fault: "reset", times: 1 });
    await errorOf(encrypt(it));
    await errorOf(encrypt(it, `${main}-none`));
  }
  const rows = [
    { operation: "Encrypt", keyId: main, status: 200, errorName: undefined },
    { operation: "Encrypt", keyId: main, status: 0, errorName: undefined },
    { operation: "Encrypt", keyId: `${main}-none`, status: 404, errorName: "NOT_FOUND" },
  ];
  expect(emulator.calls()).toEqual([...rows, ...rows]);
  expect(emulator.counts()).toEqual({ Encrypt: 6 });
});
