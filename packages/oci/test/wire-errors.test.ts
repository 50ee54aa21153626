import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { isKmsError, multiCloudKms, type KmsError, type KmsErrorCode } from "@cmkit/core";
import { SimpleAuthenticationDetailsProvider } from "oci-common";
import { KmsCryptoClient, KmsManagementClient } from "oci-keymanagement";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { oci } from "../src/index.ts";
import { classifyOciError } from "../src/oci-errors.ts";
import { cmk, context, credentials, key, keyOcid, keyVersion, privateKey, tenancy, versionOcid } from "./samples.ts";
import { answer, byOperation, requestId, scriptedServer, serviceError, type Script } from "./scripted-server.ts";
import { sshpk } from "./sshpk.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const words = "Authorization failed for ocid1.user.oc1..secretuser";
const forever = new AbortController().signal;

/** What an answer comes to, ours and that of the SDK's own client, which is then taken for an injected one. */
const answers: readonly (readonly [what: string, script: Script, code: KmsErrorCode])[] = [
  ["a key that is missing or hidden", serviceError(404, "NotAuthorizedOrNotFound", words), "key-not-found"],
  ["a state", serviceError(409, "IncorrectState", words), "unavailable"],
  ["a parameter", serviceError(400, "InvalidParameter", words), "invalid-resource"],
  ["throttling", serviceError(429, "TooManyRequests", words), "throttled"],
  ["a signature that is refused", serviceError(401, "NotAuthenticated", words), "credentials"],
  ["a server fault", serviceError(500, "InternalServerError", words), "unavailable"],
  ["an empty server fault", answer(503, ""), "unavailable"],
  ["a page of a proxy that fails", answer(502, "<html>bad gateway</html>", { "content-type": "text/html" }), "unavailable"],
  ["a page with status 200", answer(200, "<html>log in</html>", { "content-type": "text/html" }), "bad-answer"],
  ["a page with status 403", answer(403, "<html>forbidden</html>"), "bad-answer"],
  ["half an object with status 200", answer(200, '{"id":'), "bad-answer"],
  ["half an object with status 500", answer(500, '{"code":'), "unavailable"],
  ["an empty body with status 200", answer(200, ""), "bad-answer"],
  ["a socket that is closed", ({ request }) => request.socket.destroy(), "unavailable"],
  ["a reset", ({ request }) => request.socket.resetAndDestroy(), "unavailable"],
];

describe("failures on the wire", () => {
  it.each(answers)("%s", async (_what, script, code) => {
    const server = await scriptedServer(script);
    const kms = oci({ endpoint: server.url, credentials }).open(keyOcid);
    const error: unknown = await kms.describe(null, { signal: forever, remainingMs: 5000 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(isKmsError(error) ? error.code : classifyOciError(error, "describe").code).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  it.each(answers)("%s, met by an injected client of the SDK", async (_what, script, code) => {
    vi.spyOn(console, "warn").mockReturnValue();
    const server = await scriptedServer(script);
    const { user, fingerprint } = credentials;
    const authenticationDetailsProvider = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
    const crypto = new KmsCryptoClient({ authenticationDetailsProvider });
    const management = new KmsManagementClient({ authenticationDetailsProvider });
    management.endpoint = server.url;
    const driver = oci({ client: { crypto, management } }).open(keyOcid);
    const error: unknown = await driver.describe(null, { signal: forever, remainingMs: 5000 }).catch((thrown: unknown) => thrown);
    expect(isKmsError(error) ? error.code : classifyOciError(error, "describe").code).toBe(code);
  });

  it("half an answer is unavailable", async () => {
    const server = await scriptedServer(({ request }, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write('{"id"', () => request.socket.destroy());
    });
    expect(await refusal(server.url)).toMatchObject({ code: "unavailable" });
  });

  it.each([
    ["301", 301],
    ["302", 302],
    ["307", 307],
    ["308", 308],
  ])("a redirect (%s) is not followed", async (_name, status) => {
    const elsewhere = await scriptedServer(answer(200, key));
    const server = await scriptedServer(answer(status, "", { location: elsewhere.url }));
    expect(await refusal(server.url)).toMatchObject({ code: "bad-answer" });
    expect(elsewhere.requests).toEqual([]);
  });

  it("a certificate that nobody vouches for is refused", async () => {
    const { privateKey: pem } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const name = sshpk.identityFromDN("CN=localhost");
    const cert = sshpk.createSelfSignedCertificate(name, sshpk.parsePrivateKey(pem, "pem")).toString("pem");
    let asked = 0;
    const server = createServer({ key: pem, cert }, () => {
      asked += 1;
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => void server.close());
    expect(await refusal(`https://localhost:${(server.address() as AddressInfo).port}`)).toMatchObject({ code: "bad-answer" });
    expect(asked).toBe(0);
  });

  it("an answer without end is refused without being held", async () => {
    let sent = 0;
    const closed = Promise.withResolvers<undefined>();
    const server = await scriptedServer(({ request }, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.on("close", () => closed.resolve(undefined));
      const chunk = Buffer.alloc(64 * 1024, " ");
      const more = (): void => {
        if (request.socket.destroyed || sent >= 1024 * 1024 * 1024) return;
        sent += chunk.length;
        response.write(chunk, more);
      };
      more();
    });
    expect(await refusal(server.url)).toMatchObject({ code: "bad-answer" });
    await closed.promise;
    expect(sent).toBeLessThan(64 * 1024 * 1024); // what sockets hold
    server.play(answer(500, " ".repeat(300_000)));
    expect(await refusal(server.url)).toMatchObject({ code: "unavailable" });
  });

  it("name the request, and keep the cloud's words to themselves", async () => {
    const server = await scriptedServer(serviceError(403, "NotAuthorized", words));
    const error = await refusal(server.url);
    expect(error).toMatchObject({ code: "access-denied", requestId, provider: "oci" });
    expect(JSON.stringify(error) + error.message).not.toContain("secretuser");
    expect(error.message).toContain("KEY_READ");
  });

  it("hand on how long to wait", async () => {
    const server = await scriptedServer(answer(429, { code: "TooManyRequests", message: "" }, { "retry-after": "60" }));
    expect(await refusal(server.url)).toMatchObject({ code: "throttled" });
    expect(server.requests).toHaveLength(1); // a minute is longer than the deadline
  });

  it("are sent again as core says, whatever the SDK's variables say", async () => {
    vi.stubEnv("OCI_SDK_DEFAULT_RETRY_ENABLED", "true");
    vi.stubEnv("OCI_SDK_DEFAULT_CIRCUITBREAKER_ENABLED", "true");
    const server = await scriptedServer(serviceError(503, "ServiceUnavailable"));
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    for (let i = 0; i < 4; i += 1) await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "unavailable" });
    expect(server.requests).toHaveLength(16); // the SDK's circuit breaker would have opened after ten
    server.play(answer(200, key));
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
    vi.unstubAllEnvs();
  });

  it("say that this machine's clock is wrong", async () => {
    const server = await scriptedServer(serviceError(401, "NotAuthenticated", "Date 'x' is not within allowed clock skew."));
    const error = await refusal(server.url);
    expect(error).toMatchObject({ code: "credentials" });
    expect(error.message).toContain("clock");
  });

  it.each([
    ["nobody listens", "http://127.0.0.1:9", "unavailable"],
    ["the name does not exist", "https://kms.invalid", "unavailable"],
  ])("when %s", async (_what, endpoint, code) => {
    expect(await refusal(endpoint)).toMatchObject({ code });
  });
});

describe("what an ambiguous refusal means", () => {
  const bytes = new Uint8Array(100);
  const wrapped = { cmk, keyVersion: versionOcid, bytes, kind: "symmetric" } as const;
  const hidden = serviceError(404, "NotAuthorizedOrNotFound");

  it.each([
    ["denied while we may look", hidden, answer(200, key), answer(200, keyVersion), "access-denied"],
    ["the key is missing or hidden", hidden, hidden, hidden, "key-not-found"],
    ["the version is missing", hidden, answer(200, key), hidden, "key-not-found"],
    [
      "disabled",
      serviceError(409, "IncorrectState"),
      answer(200, { ...key, lifecycleState: "DISABLED" }),
      answer(200, keyVersion),
      "key-disabled",
    ],
    [
      "disabled, told as a parameter",
      serviceError(400, "InvalidParameter"),
      answer(200, { ...key, lifecycleState: "DISABLED" }),
      answer(200, keyVersion),
      "key-disabled",
    ],
    [
      "deleted, told as a 404",
      hidden,
      answer(200, { ...key, lifecycleState: "DELETED" }),
      answer(200, keyVersion),
      "key-destroyed",
    ],
    [
      "scheduled for deletion",
      serviceError(409, "Conflict"),
      answer(200, { ...key, lifecycleState: "PENDING_DELETION" }),
      answer(200, keyVersion),
      "key-pending-deletion",
    ],
    [
      "the version scheduled for deletion",
      serviceError(409, "Conflict"),
      answer(200, key),
      answer(200, { ...keyVersion, lifecycleState: "PENDING_DELETION" }),
      "key-pending-deletion",
    ],
    [
      "being changed",
      serviceError(409, "IncorrectState"),
      answer(200, { ...key, lifecycleState: "UPDATING" }),
      answer(200, keyVersion),
      "unavailable",
    ],
    ["the ciphertext", serviceError(400, "InvalidParameter"), answer(200, key), answer(200, keyVersion), "decrypt-failed"],
    [
      "the ciphertext, and we may not look",
      serviceError(400, "InvalidParameter"),
      serviceError(403, "NotAuthorized"),
      hidden,
      "decrypt-failed",
    ],
    ["the related resource", serviceError(400, "RelatedResourceNotAuthorizedOrNotFound"), hidden, hidden, "key-not-found"],
  ] as const)("is told by the key and its version: %s", async (_what, decrypt, ofKey, ofVersion, code) => {
    const server = await scriptedServer(byOperation({ decrypt, key: ofKey, keyVersion: ofVersion }));
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    await expect(kms.open(cmk).unwrapKey(wrapped, context)).rejects.toMatchObject({ code });
  });
});

/** What the first describe of a key throws. */
async function refusal(endpoint: string): Promise<KmsError> {
  const kms = multiCloudKms({ adapters: [oci({ endpoint, credentials })] });
  const error: unknown = await kms
    .open(cmk)
    .describe({ timeoutMs: 3000 })
    .catch((thrown: unknown) => thrown);
  await kms.close();
  if (!isKmsError(error)) throw new Error("expected a KmsError", { cause: error });
  return error;
}
