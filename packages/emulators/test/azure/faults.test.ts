import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type AzureEmulator, azureEmulator, type Fault } from "../../src/index.ts";
import {
  cryptographyOf,
  expectRefusal,
  hsmUrl,
  keysOf,
  operator,
  raw,
  type RawAnswer,
  reader,
  refusalOf,
  seedOf,
  vaultUrl,
} from "./emulated-vault.ts";

const delays: number[] = [];
const aes = `${hsmUrl}/keys/aes`;
let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({
    delay: async (ms) => void delays.push(ms),
    seed: seedOf([
      { name: "aes", vault: "hsm-one", kty: "oct-HSM" },
      { name: "other", vault: "hsm-one", kty: "oct-HSM" },
      { name: "rsa", versions: [{ version: "a".repeat(32) }] },
    ]),
  });
});
beforeEach(() => {
  emulator.faults.clear();
  emulator.enableKey(aes);
  emulator.resetCalls();
});
afterAll(() => emulator.close());

const getKey = (name = "aes"): Promise<{ id?: string; name: string }> => keysOf(emulator, hsmUrl).getKey(name);
const wrap = (): Promise<{ result: Uint8Array }> => cryptographyOf(emulator, aes).wrapKey("A256KW", randomBytes(32));

/** A call whose answer is looked at as it came. */
function ask(path = "/keys/aes/", body?: object): Promise<RawAnswer> {
  const authorization = `Bearer ${emulator.credentials.accessTokens["https://managedhsm.azure.net"]}`;
  const headers = { host: "hsm-one.managedhsm.azure.net", authorization };
  return raw(emulator, `${path}?api-version=7.4`, headers, body === undefined ? undefined : JSON.stringify(body));
}

describe("fault scripts", () => {
  test("throttle as often as told, with Retry-After where it is asked for, and then let go", async () => {
    emulator.faults.add({ fault: "throttle", times: 1, retryAfterSeconds: 3 });
    emulator.faults.add({ fault: "throttle", times: 1 });
    const first = await ask();
    expect([first.status, first.headers["retry-after"]]).toEqual([429, "3"]);
    expect(JSON.parse(first.body)).toMatchObject({ error: { code: "Throttled" } });
    const second = await ask();
    expect([second.status, second.headers["retry-after"]]).toEqual([429, undefined]);
    expect((await ask()).status).toBe(200);
    expect(emulator.faults.list()).toEqual([]);
  });

  test("fail with the errors that they name", async () => {
    emulator.faults.add({ fault: "error", name: "Conflict", message: "Made up.", status: 409, times: 1 });
    expect(await refusalOf(getKey())).toMatchObject({
      status: 409,
      code: "Conflict",
      message: expect.stringContaining("Made up."),
    });
    emulator.faults.add({ fault: "error", name: "BadParameter", times: 1 });
    await expectRefusal(getKey(), 400, "BadParameter");
    emulator.faults.add({ fault: "server-error", times: 1 });
    await expectRefusal(getKey(), 500, "InternalServerError");
    emulator.faults.add({ fault: "server-error", status: 503, times: 1 });
    await expectRefusal(getKey(), 503, "InternalServerError");
    emulator.faults.add({ fault: "deny", times: 1 });
    await expectRefusal(getKey(), 403, "Forbidden", "ForbiddenByRbac");
    await getKey();
  });

  test("meet only the operation, key and principal that they name", async () => {
    const misses: Fault[] = [
      { fault: "reset", operation: "UnwrapKey" },
      { fault: "reset", key: `${hsmUrl}/keys/other` },
      { fault: "reset", key: `${vaultUrl}/keys/aes` },
      { fault: "reset", principal: reader.objectId },
      { fault: "reset", context: { tenant: "acme" } },
    ];
    for (const fault of misses) emulator.faults.add(fault);
    await getKey();
    await wrap();
    emulator.faults.add({ fault: "throttle", operation: "GetKey", key: aes, principal: operator.objectId, times: 1 });
    await wrap();
    await expectRefusal(getKey("AES"), 429, "Throttled");
  });

  test("cut, reset, empty, shorten and replace answers", async () => {
    emulator.faults.add({ fault: "reset", times: 1 });
    await expect(ask()).rejects.toThrow("socket hang up");
    emulator.faults.add({ fault: "cut-connection", times: 1 });
    await expect(ask()).rejects.toThrow("aborted");
    const whole = await ask();
    emulator.faults.add({ fault: "empty-body", times: 1 });
    expect(await ask()).toMatchObject({ status: 200, body: "" });
    emulator.faults.add({ fault: "truncated-body", times: 1 });
    expect((await ask()).body).toBe(whole.body.slice(0, whole.body.length >> 1));
    emulator.faults.add({ fault: "html-body", times: 1 });
    expect(await ask()).toMatchObject({ status: 200, body: expect.stringContaining("<html>") });
    emulator.faults.add({ fault: "server-error-html", times: 1 });
    expect(await ask()).toMatchObject({ status: 503, body: expect.stringContaining("<html>") });
    emulator.faults.add({ fault: "checksum", times: 1 });
    expect((await ask()).body).toBe(whole.body);
  });

  test("wait before the call", async () => {
    emulator.faults.add({ fault: "latency", latencyMs: 1234, times: 1 });
    await getKey();
    expect(delays).toEqual([1234]);
  });

  test("disable the key just before the call", async () => {
    emulator.faults.add({ fault: "disable", operation: "WrapKey", times: 1 });
    await getKey();
    await expectRefusal(wrap(), 403, "Forbidden", "KeyDisabled");
  });

  test("rotate the key just before the call", async () => {
    const { id } = await getKey();
    emulator.faults.add({ fault: "rotate", times: 1 });
    expect((await getKey()).id).not.toBe(id);
    expect(emulator.keys.find((key) => key.id === aes)?.versions).toHaveLength(2);
  });

  test("answer in the name of another key, wherever an answer names one", async () => {
    const { kid: original } = JSON.parse((await ask("/keys/aes//wrapkey", { alg: "A256KW", value: "A".repeat(22) })).body) as {
      kid: string;
    };
    const version = original.split("/").at(-1);
    const wrapped = async (): Promise<unknown> =>
      JSON.parse((await ask("/keys/aes//wrapkey", { alg: "A256KW", value: "A".repeat(22) })).body);
    emulator.faults.add({ fault: "other-key", times: 1 });
    expect(await wrapped()).toMatchObject({
      kid: expect.stringMatching(new RegExp(`^${hsmUrl}/keys/other-[0-9a-f]{8}/${version}$`)),
    });
    emulator.faults.add({ fault: "other-key", answerKey: `${hsmUrl}/keys/other`, times: 2 });
    expect(await wrapped()).toMatchObject({ kid: `${hsmUrl}/keys/other/${version}` });
    expect((await getKey()).id).toBe(`${hsmUrl}/keys/other/${version}`);
    emulator.faults.add({ fault: "other-key", answerKey: `${aes}/${"0".repeat(32)}`, times: 1 });
    expect((await getKey()).id).toBe(`${aes}/${"0".repeat(32)}`);
    emulator.faults.add({ fault: "other-key", times: 1 });
    expect((await ask("/keys")).status).toBe(200);
  });

  test("answer with another plaintext, or with a ciphertext that opens nothing", async () => {
    const client = cryptographyOf(emulator, aes);
    const root = randomBytes(32);
    const { result: wrapped } = await client.wrapKey("A256KW", root);
    emulator.faults.add({ fault: "other-plaintext", times: 1 });
    const { result: opened } = await client.unwrapKey("A256KW", wrapped);
    expect(opened).toHaveLength(32);
    expect(Buffer.from(opened)).not.toEqual(root);
    emulator.faults.add({ fault: "other-plaintext", operation: "WrapKey", times: 1 });
    expect(Buffer.from((await client.unwrapKey("A256KW", (await wrap()).result)).result)).toHaveLength(32);
    emulator.faults.add({ fault: "other-ciphertext", times: 1 });
    const { result: other } = await client.wrapKey("A256KW", root);
    expect(other).toHaveLength(wrapped.length);
    await expectRefusal(client.unwrapKey("A256KW", other), 400, "BadParameter");
  });

  test("throttle what goes beyond a rate, in the cryptographic requests of a second", async () => {
    emulator.faults.add({ fault: "rate-limit", perSecond: 0, operation: "cryptographic", times: 2 });
    const client = cryptographyOf(emulator, aes);
    await getKey();
    await expectRefusal(wrap(), 429, "Throttled");
    await expectRefusal(client.encrypt({ algorithm: "A256GCM", plaintext: randomBytes(32) }), 429, "Throttled");
    await client.unwrapKey("A256KW", (await wrap()).result);
    const seconds = emulator.requestSeconds();
    expect(seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(4);
    expect(seconds.reduce((sum, { throttled }) => sum + throttled, 0)).toBe(2);
  });

  test("change the length of a plaintext, and of no ciphertext", async () => {
    const client = cryptographyOf(emulator, `${vaultUrl}/keys/rsa`);
    emulator.faults.add({ fault: "plaintext-length", bytes: 31 });
    const { result } = await client.wrapKey("RSA-OAEP-256", randomBytes(32));
    expect(result).toHaveLength(256);
    expect((await client.unwrapKey("RSA-OAEP-256", result)).result).toHaveLength(31);
    emulator.faults.clear();
    emulator.faults.add({ fault: "plaintext-length", bytes: 0 });
    expect((await client.decrypt({ algorithm: "RSA-OAEP-256", ciphertext: result })).result).toHaveLength(0);
  });
});

describe("the log", () => {
  test("names the operation, the key, the status and the error of every call", async () => {
    await getKey();
    emulator.disableKey(aes);
    await refusalOf(wrap());
    await ask("/nothing");
    await ask("/keys");
    expect(emulator.calls()).toEqual([
      { operation: "GetKey", keyId: aes, status: 200, errorName: undefined },
      { operation: "WrapKey", keyId: aes, status: 403, errorName: "KeyDisabled" },
      { operation: "unknown", keyId: undefined, status: 404, errorName: "NotFound" },
      { operation: "GetKeys", keyId: undefined, status: 200, errorName: undefined },
    ]);
    expect(emulator.counts()).toEqual({ GetKey: 1, WrapKey: 1, unknown: 1, GetKeys: 1 });
  });
});
