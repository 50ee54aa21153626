import { isKmsError, multiCloudKms, type KmsError, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import "@google-cloud/kms"; // loaded before the first deadline begins
import { at, cmk, context, keyName, rsaVersion, symmetricKey, versionOf } from "./samples.ts";
import { answer, errorInfo, preconditionFailure, scriptedServer, serviceError, type Script } from "./scripted-server.ts";

const words = "Permission 'cloudkms.cryptoKeys.get' denied for operator@secret-project.iam.gserviceaccount.com";
const notEnabled = (state: string): string => `${versionOf(1)} is not enabled, current state is: ${state}.`;

/** What the real SDK makes of an answer to an unwrap, and what the table makes of that. */
const answers: [what: string, script: Script, code: KmsErrorCode, requests?: number][] = [
  ["a key that is not there", serviceError("NOT_FOUND", words), "key-not-found"],
  ["a refusal", serviceError("PERMISSION_DENIED", words, [errorInfo("IAM_PERMISSION_DENIED")]), "access-denied"],
  ["an API that is off", serviceError("PERMISSION_DENIED", words, [errorInfo("SERVICE_DISABLED")]), "access-denied"],
  [
    "a token without the scope",
    serviceError("PERMISSION_DENIED", words, [errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT")]),
    "credentials",
  ],
  ["a token that is not accepted", serviceError("UNAUTHENTICATED", words, [errorInfo("ACCESS_TOKEN_EXPIRED")]), "credentials"],
  [
    "a disabled version",
    serviceError("FAILED_PRECONDITION", notEnabled("DISABLED"), [preconditionFailure("KEY_DISABLED", versionOf(1))]),
    "key-disabled",
  ],
  [
    "a disabled version in other words",
    serviceError("FAILED_PRECONDITION", "x", [preconditionFailure("KEY_DISABLED", "y")]),
    "key-disabled",
  ],
  [
    "a ciphertext that is wrong",
    serviceError("INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey."),
    "decrypt-failed",
  ],
  ["throttling", serviceError("RESOURCE_EXHAUSTED", words), "throttled", 4],
  ["an outage", serviceError("UNAVAILABLE", words), "unavailable", 4],
  ["a fault inside", serviceError("INTERNAL", words), "unavailable", 4],
  ["an abort inside", serviceError("ABORTED", words), "unavailable", 4],
  ["a timeout behind the service", serviceError("DEADLINE_EXCEEDED", words), "timeout", 4],
  ["a method that is not there", serviceError("UNIMPLEMENTED", words), "bad-answer"],
  ["a status that is not known", serviceError("SOMETHING_NEW", words), "unavailable", 4],
  ["an empty server fault", answer(503, ""), "unavailable", 4],
  ["a page of a proxy that fails", answer(502, "<html>bad gateway</html>"), "unavailable", 4],
  ["a page that asks to slow down", answer(429, "<html>later</html>"), "throttled", 4],
  ["a page with status 200", answer(200, "<html>log in</html>"), "bad-answer"],
  ["a page with status 403", answer(403, "<html>forbidden</html>"), "bad-answer"],
  ["a page with status 401", answer(401, "<html>log in</html>"), "bad-answer"],
  ["a page with status 404", answer(404, "<html>not found</html>"), "bad-answer"],
  ["an error in another form", answer(403, { message: "forbidden" }), "bad-answer"],
  ["an error that is text", answer(403, { error: "forbidden" }), "bad-answer"],
  ["an empty answer", answer(200, ""), "bad-answer"],
  ["null", answer(200, "null"), "bad-answer"],
  ["an array", answer(200, "[]"), "bad-answer"],
  ["text", answer(200, '"x"'), "bad-answer"],
  ["half an object", answer(200, '{"plaintext":"AAAA'), "bad-answer"],
  ["an empty object, twice", answer(200, {}), "bad-answer", 2],
  ["10 MB", answer(200, `{"plaintext":"${"A".repeat(10_000_000)}"}`), "bad-answer"],
  ["10 MB of error", answer(500, `{"error":{"message":"${"A".repeat(10_000_000)}"}}`), "bad-answer"],
  ["a socket that is closed", (request) => request.socket.destroy(), "unavailable", 4],
  ["a reset", (request) => request.socket.resetAndDestroy(), "unavailable", 4],
  [
    "half an answer",
    (request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write('{"plaintext"', () => request.socket.destroy());
    },
    "unavailable",
    4,
  ],
];

const wrapped = { cmk, keyVersion: "3", bytes: new Uint8Array(100), kind: "symmetric" } as const;

describe("errors of the real SDK over REST", () => {
  it.each(answers)("%s", async (_what, script, code, requests = 1) => {
    const server = await scriptedServer(script);
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    const error = await refusalOf(kms.open(cmk).unwrapKey(wrapped, context));
    expect(error.code).toBe(code);
    expect(server.requests).toHaveLength(requests);
    expect(JSON.stringify(error) + error.message).not.toMatch(/secret-project|cloud's own words/);
    await kms.close();
  });

  it.each<[string, string, object, KmsErrorCode]>([
    ["DESTROYED", notEnabled("DESTROYED"), { state: "DESTROYED" }, "key-destroyed"],
    ["DESTROY_SCHEDULED", notEnabled("DESTROY_SCHEDULED"), { state: "DESTROY_SCHEDULED" }, "key-pending-deletion"],
    ["no state at all", words, { state: "DISABLED" }, "key-disabled"],
    ["no state at all, and the version is enabled", words, {}, "unavailable"],
    ["one state when the version is in another", notEnabled("DESTROYED"), { state: "DISABLED" }, "key-disabled"],
  ])("where a refusal names %s the version's own state decides", async (_what, message, version, code) => {
    const server = await scriptedServer((request, response) => {
      const described = answer(200, rsaVersion(3, version));
      const script = request.method === "GET" ? described : serviceError("FAILED_PRECONDITION", message);
      script(request, response);
    });
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    expect(await refusalOf(kms.open(cmk).unwrapKey(wrapped, context))).toMatchObject({ code });
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "GET"]);
    expect(server.requests[1]?.url).toContain("/cryptoKeyVersions/3?");
    await kms.close();
  });

  it("an argument that is not accepted is a ciphertext that is wrong, unless the version's state says otherwise", async () => {
    let state = "ENABLED";
    const server = await scriptedServer((request, response) => {
      const described = answer(200, rsaVersion(3, { state }));
      const script = request.method === "GET" ? described : serviceError("INVALID_ARGUMENT", "the ciphertext has another length");
      script(request, response);
    });
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    expect(await refusalOf(kms.open(cmk).unwrapKey(wrapped, context))).toMatchObject({ code: "decrypt-failed" });
    state = "DESTROYED";
    expect(await refusalOf(kms.open(cmk).unwrapKey(wrapped, context))).toMatchObject({ code: "key-destroyed" });
    await kms.close();
  });

  it.each([
    ["a header", answer(503, "<html>later</html>", { "retry-after": "60" })],
    [
      "a header beside an error",
      answer(429, { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: words } }, { "retry-after": "60" }),
    ],
    [
      "RetryInfo",
      serviceError("RESOURCE_EXHAUSTED", words, [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "60s" }]),
    ],
  ])("hand on how long to wait, from %s", async (_what, script) => {
    const server = await scriptedServer(script);
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    expect((await refusalOf(kms.open(cmk).describe())).retryable).toBe(true);
    expect(server.requests).toHaveLength(1);
    await kms.close();
  });

  it.each([
    ["nobody listens", "http://127.0.0.1:9"],
    ["the name does not exist", "https://kms.invalid"],
  ])("when %s", async (_what, endpoint) => {
    const kms = multiCloudKms({ adapters: [at(endpoint)] });
    await expect(kms.open(cmk).describe({ timeoutMs: 3000 })).rejects.toMatchObject({ code: "unavailable" });
    await kms.close();
  });
});

describe("answers of the real SDK that are not whole", () => {
  const changed = (changes: object): object => ({ ...symmetricKey, primary: { ...symmetricKey.primary, ...changes } });
  it.each<[string, object, KmsErrorCode]>([
    ["no name", { ...symmetricKey, name: undefined }, "bad-answer"],
    ["no purpose", { ...symmetricKey, purpose: undefined }, "wrong-key-type"],
    ["a purpose of another number", { ...symmetricKey, purpose: 99 }, "bad-answer"],
    ["no primary", { ...symmetricKey, primary: undefined }, "key-disabled"],
    ["a primary without a name", changed({ name: undefined }), "bad-answer"],
    ["another key", { ...symmetricKey, name: `${keyName}x` }, "bad-answer"],
    ["no algorithm", changed({ algorithm: undefined }), "wrong-key-type"],
  ])("%s", async (_what, body, code) => {
    const server = await scriptedServer(answer(200, body));
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    expect(await refusalOf(kms.open(cmk).describe())).toMatchObject({ code });
    await kms.close();
  });

  it.each([
    ["no state", { state: undefined }],
    ["a state of another number", { state: 99 }],
    ["an unspecified state", { state: 0 }],
  ])("%s is no state in which a key is used", async (_what, changes) => {
    const server = await scriptedServer(answer(200, changed(changes)));
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "unavailable" });
    await kms.close();
  });

  it.each([{ name: 7 }, { name: keyName, purpose: {} }, { name: keyName, purpose: "ENCRYPT_DECRYPT", primary: 7 }, { name: [] }])(
    "%j, of other types than the model's, is not believed",
    async (body) => {
      const server = await scriptedServer(answer(200, body));
      const kms = multiCloudKms({ adapters: [at(server.url)] });
      const { code } = await refusalOf(kms.open(cmk).describe({ timeoutMs: 1000 }));
      expect(code).toBe("bad-answer");
      await kms.close();
    },
  );
});

async function refusalOf(call: Promise<unknown>): Promise<KmsError> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (!isKmsError(error)) throw new Error("expected a KmsError", { cause: error });
  return error;
}
