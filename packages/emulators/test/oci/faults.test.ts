import { models } from "oci-keymanagement";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Fault, type OciEmulator, ociEmulator } from "../../src/index.ts";
import { checksumOf } from "../../src/oci/crypto-operations.ts";
import {
  base64,
  type Clients,
  clientsOf,
  compartment,
  expectRefusal,
  operator,
  refusalOf,
  seedOf,
  vaultId,
} from "./emulated-vault.ts";

const plaintext = base64(new Uint8Array(32).fill(7));
const keyShape = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
const delays: number[] = [];
let emulator: OciEmulator;
let oci: Clients;
let keyId: string;
let other: string;

beforeAll(async () => {
  emulator = await ociEmulator({
    seed: seedOf([{ displayName: "main" }, { displayName: "other" }]),
    delay: async (ms) => void delays.push(ms),
  });
  oci = clientsOf(emulator);
  keyId = emulator.keyNamed("main");
  other = emulator.keyNamed("other");
});
beforeEach(() => {
  emulator.faults.clear();
  emulator.enableKey(keyId);
  emulator.resetCalls();
});
afterAll(() => emulator.close());

async function seal(more: Partial<models.EncryptDataDetails> = {}): Promise<models.EncryptedData> {
  return (await oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext, ...more } })).encryptedData;
}

async function dataKey(): Promise<models.GeneratedKey> {
  const generateKeyDetails = { keyId, includePlaintextKey: true, keyShape };
  return (await oci.crypto.generateDataEncryptionKey({ generateKeyDetails })).generatedKey;
}

async function open(ciphertext: string): Promise<models.DecryptedData> {
  return (await oci.crypto.decrypt({ decryptDataDetails: { keyId, ciphertext } })).decryptedData;
}

describe("fault scripts", () => {
  test("throttle as often as told, and then let go", async () => {
    emulator.faults.add({ fault: "throttle", times: 2 });
    await expectRefusal(seal(), 429, "TooManyRequests");
    await expectRefusal(seal(), 429, "TooManyRequests");
    await seal();
    expect(emulator.counts()).toEqual({ Encrypt: 3 });
  });

  test("meet only the operation, key, principal and associated data they name", async () => {
    emulator.faults.add({ fault: "throttle", operation: "Decrypt" });
    emulator.faults.add({ fault: "throttle", key: other });
    const another = operator.user.slice(0, -1) + (operator.user.endsWith("a") ? "b" : "a");
    emulator.faults.add({ fault: "throttle", principal: another });
    emulator.faults.add({ fault: "deny", principal: operator.user, context: { tenant: "t1" } });
    const { ciphertext } = await seal();
    await expectRefusal(open(ciphertext), 429, "TooManyRequests");
    await expectRefusal(seal({ keyId: other }), 429, "TooManyRequests");
    await expectRefusal(oci.management.getKey({ keyId: other }), 429, "TooManyRequests");
    await expectRefusal(seal({ associatedData: { tenant: "t1" } }), 404, "NotAuthorizedOrNotFound");
    await seal({ associatedData: { tenant: "t2" } });
  });

  test.each<[Fault, number | undefined, string | undefined]>([
    [{ fault: "server-error" }, 500, "InternalServerError"],
    [{ fault: "server-error", status: 503 }, 503, "ServiceUnavailable"],
    [{ fault: "server-error-html" }, 503, "None"],
    [{ fault: "error", name: "LimitExceeded", message: "full" }, 400, "LimitExceeded"],
    [{ fault: "error", name: "ExternalServerInvalidResponse", status: 502 }, 502, "ExternalServerInvalidResponse"],
    [{ fault: "deny" }, 404, "NotAuthorizedOrNotFound"],
    [{ fault: "reset" }, undefined, undefined],
    [{ fault: "cut-connection" }, undefined, undefined],
  ])("reach the client: %j", async (fault, statusCode, serviceCode) => {
    emulator.faults.add({ ...fault, times: 1 });
    const refused = await refusalOf(seal());
    expect(refused).toHaveProperty("message");
    expect([refused.statusCode, refused.serviceCode]).toEqual([statusCode, serviceCode]);
    await seal();
  });

  test.each<[Fault]>([[{ fault: "html-body" }], [{ fault: "truncated-body" }], [{ fault: "empty-body" }]])(
    "spoil the body of a good answer: %j",
    async (fault) => {
      emulator.faults.add({ ...fault, times: 1 });
      const outcome = await seal().then(
        (sealed: models.EncryptedData | undefined) => sealed?.keyId,
        () => undefined,
      );
      expect(outcome).toBeUndefined();
      expect(emulator.calls()).toMatchObject([{ operation: "Encrypt", keyId, status: 200 }]);
    },
  );

  test("wait, and then let the call go on", async () => {
    emulator.faults.add({ fault: "latency", latencyMs: 1500, times: 1 });
    await seal();
    expect(delays).toEqual([1500]);
  });

  test("say when to come back", async () => {
    emulator.faults.add({ fault: "throttle", retryAfterSeconds: 3, times: 1 });
    const answers: Response[] = [];
    const crypto = clientsOf(emulator).crypto as unknown as { _httpClient: { send(request: unknown): Promise<Response> } };
    const client = crypto._httpClient;
    const sendOn = client.send.bind(client);
    client.send = async (request) => {
      const answer = await sendOn(request);
      answers.push(answer);
      return answer;
    };
    await refusalOf((crypto as unknown as Clients["crypto"]).encrypt({ encryptDataDetails: { keyId, plaintext } }));
    expect(answers.map(({ headers }) => headers.get("retry-after"))).toEqual(["3"]);
  });

  test("name another key wherever an answer names one", async () => {
    const { ciphertext } = await seal();
    const { key } = await oci.management.getKey({ keyId });
    emulator.faults.add({ fault: "other-key", answerKey: other });
    expect(await seal()).toMatchObject({ keyId: other, encryptionAlgorithm: "AES_256_GCM" });
    expect(await open(ciphertext)).toMatchObject({ keyId: other, plaintext });
    expect((await oci.management.getKey({ keyId })).key).toEqual({ ...key, id: other });
    const { keyVersion } = await oci.management.getKeyVersion({ keyId, keyVersionId: key.currentKeyVersion });
    expect(keyVersion).toMatchObject({ keyId: other, id: key.currentKeyVersion });
    expect(await dataKey()).not.toHaveProperty("keyId");
    expect((await oci.vaults.getVault({ vaultId })).vault.id).toBe(vaultId);
    const { items } = await oci.management.listKeys({ compartmentId: compartment });
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining([keyId, other]));
    emulator.faults.clear();
    emulator.faults.add({ fault: "other-key" });
    expect((await seal()).keyId).toMatch(/^ocid1\.key\.oc1\.eu-frankfurt-1\.entbf645aabf2\.[a-z2-7]{60}$/);
    expect((await seal()).keyId).not.toBe(keyId);
  });

  test.each([0, 16, 31, 33])("answer with a plaintext of %i bytes and its own checksum", async (bytes) => {
    const { ciphertext } = await seal();
    emulator.faults.add({ fault: "plaintext-length", bytes });
    for (const answer of [await open(ciphertext), await dataKey()]) {
      const resized = Buffer.from(answer.plaintext ?? "?", "base64");
      expect(resized).toHaveLength(bytes);
      expect(answer.plaintextChecksum).toBe(checksumOf(resized));
    }
    expect(await seal()).not.toHaveProperty("plaintext");
  });

  test("answer with another plaintext and its checksum, or with a ciphertext that opens nothing", async () => {
    const { ciphertext } = await seal();
    emulator.faults.add({ fault: "other-plaintext", times: 1 });
    const opened = await open(ciphertext);
    const given = Buffer.from(opened.plaintext, "base64");
    expect(given).toHaveLength(32);
    expect(opened.plaintext).not.toBe(plaintext);
    expect(opened.plaintextChecksum).toBe(checksumOf(given));
    emulator.faults.add({ fault: "other-ciphertext", times: 1 });
    const other = await seal();
    expect(other.ciphertext).toHaveLength(ciphertext.length);
    await expectRefusal(open(other.ciphertext), 400, "InvalidParameter");
  });

  test("throttle what goes beyond a rate, in the cryptographic requests of a second", async () => {
    emulator.faults.add({ fault: "rate-limit", perSecond: 0, operation: "cryptographic", times: 2 });
    await oci.management.getKey({ keyId });
    await expectRefusal(seal(), 429, "TooManyRequests");
    await expectRefusal(dataKey(), 429, "TooManyRequests");
    await dataKey();
    await open((await seal()).ciphertext);
    const seconds = emulator.requestSeconds();
    expect(seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(5);
    expect(seconds.reduce((sum, { throttled }) => sum + throttled, 0)).toBe(2);
  });

  test("answer with a checksum that is another plaintext's", async () => {
    const { ciphertext } = await seal();
    const checksum = checksumOf(Buffer.from(plaintext, "base64"));
    emulator.faults.add({ fault: "checksum" });
    const opened = await open(ciphertext);
    expect(opened.plaintext).toBe(plaintext);
    expect(opened.plaintextChecksum).toMatch(/^\d{1,10}$/);
    expect(opened.plaintextChecksum).not.toBe(checksum);
    expect(await seal()).toMatchObject({ keyId });
  });

  test("disable or rotate the key before the call", async () => {
    const before = await seal();
    emulator.faults.add({ fault: "rotate", times: 1 });
    expect((await seal()).keyVersionId).not.toBe(before.keyVersionId);
    emulator.faults.add({ fault: "disable", operation: "Encrypt", times: 1 });
    await expectRefusal(seal(), 409, "IncorrectState", "DISABLED");
    expect((await oci.management.getKey({ keyId })).key.lifecycleState).toBe("DISABLED");
  });
});

describe("the call log", () => {
  test("has the names of the API reference, the key and the outcome", async () => {
    const { key } = await oci.management.getKey({ keyId });
    await oci.management.getKeyVersion({ keyId, keyVersionId: key.currentKeyVersion });
    await open((await seal()).ciphertext);
    await dataKey();
    await refusalOf(oci.management.getKey({ keyId: "missing" }));
    expect(emulator.counts()).toEqual({ GetKey: 2, GetKeyVersion: 1, Encrypt: 1, Decrypt: 1, GenerateDataEncryptionKey: 1 });
    expect(emulator.calls().at(-1)).toEqual({
      operation: "GetKey",
      keyId: "missing",
      status: 404,
      errorName: "NotAuthorizedOrNotFound",
    });
  });
});
