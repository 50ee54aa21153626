import { randomBytes } from "node:crypto";
import type { KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { selfSigned } from "./certificate.ts";
import { hsm } from "./hsm.ts";
import { kmsOf, refusal } from "./kms-of.ts";
import { cmk, context, hsmKeyUrl, octBundle, rsaBundle, version } from "./samples.ts";
import {
  answer,
  hsmChallenge,
  requestId,
  scriptedServer,
  serviceError,
  vault,
  type Script,
  type ScriptedServer,
} from "./scripted-server.ts";

const words = "Caller: appid=99998888;oid=1;iss=https://sts.windows.net/ PLAINTEXT";
const html = { "content-type": "text/html" };
const wrapped = { cmk, keyVersion: version, bytes: randomBytes(256), kind: "rsa" } as const;
const hsmCmk = { provider: "azure", resource: hsmKeyUrl } as const;
const enabled = answer(200, rsaBundle);

/** An answer to UnwrapKey, what the real SDK and the table make of it, and how many requests that took beside the challenge. */
const answers: readonly (readonly [what: string, script: Script, code: KmsErrorCode, requests?: number])[] = [
  ["a key that is not there", serviceError(404, "KeyNotFound", undefined, words), "key-not-found", 2],
  ["a disabled key", serviceError(403, "Forbidden", "KeyDisabled", words), "key-disabled"],
  ["a missing access policy", serviceError(403, "Forbidden", "ForbiddenByPolicy", words), "access-denied"],
  ["a missing role", serviceError(403, "Forbidden", "ForbiddenByRbac", words), "access-denied"],
  ["a firewall", serviceError(403, "Forbidden", "ForbiddenByFirewall", words), "access-denied"],
  ["a missing private endpoint", serviceError(403, "Forbidden", "ForbiddenByConnection", words), "access-denied"],
  [
    "an operation that the key does not permit",
    serviceError(403, "Forbidden", "KeyOperationForbidden", words),
    "access-denied",
    2,
  ],
  ["a managed HSM's denial", serviceError(403, "AccessDenied", undefined, words), "access-denied", 2],
  ["a bad ciphertext", serviceError(400, "BadParameter", undefined, words), "decrypt-failed"],
  ["an unknown refusal", serviceError(400, "SomethingNew", undefined, words), "decrypt-failed", 2],
  ["a conflict", serviceError(409, "Conflict", "ObjectIsBeingDeleted", words), "key-pending-deletion", 2],
  ["a refused token", serviceError(401, "Unauthorized", undefined, words), "credentials"],
  ["an empty 403", answer(403, ""), "bad-answer"],
  ["an empty 404", answer(404, ""), "bad-answer"],
  ["an error in other words", answer(404, { message: words }), "bad-answer"],
  ["an error that is a text", answer(400, { error: words }), "bad-answer"],
  ["a page with status 403", answer(403, "<html>forbidden</html>", html), "bad-answer"],
  ["a page with status 200", answer(200, "<html>log in</html>", html), "bad-answer"],
  ["a page that calls itself JSON", answer(200, "<html>log in</html>"), "bad-answer"],
  ["an empty body", answer(200, ""), "bad-answer"],
  ["an empty list", answer(200, []), "bad-answer"],
  ["half a JSON", answer(200, '{"kid":"https'), "bad-answer"],
  ["a status that is not asked for", answer(204, ""), "bad-answer"],
];

/** The same for answers that are sent for again. */
const passing: readonly (readonly [what: string, script: Script, code: KmsErrorCode])[] = [
  ["throttling", serviceError(429, "Throttled", undefined, words), "throttled"],
  ["throttling without a body", answer(429, ""), "throttled"],
  ["a server fault", serviceError(500, "InternalServerError", undefined, words), "unavailable"],
  ["an outage", serviceError(503, "ServiceUnavailable", undefined, words), "unavailable"],
  ["an empty server fault", answer(503, ""), "unavailable"],
  ["a page of a proxy that fails", answer(502, "<html>bad gateway</html>", html), "unavailable"],
  ["a page of a proxy that calls itself JSON", answer(502, "<html>bad gateway</html>"), "unavailable"],
  ["a socket that is closed", ({ message }) => message.socket.destroy(), "unavailable"],
  [
    "half an answer",
    ({ message }, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.write('{"kid"', () => message.socket.destroy());
    },
    "unavailable",
  ],
];

const refused = async (server: ScriptedServer, timeoutMs = 5000): ReturnType<typeof refusal> =>
  refusal(kmsOf(server).open(cmk).unwrapKey(wrapped, context, { timeoutMs }));

describe("errors of the real SDK", () => {
  it.each(answers.map(([what, script, code, requests = 1]) => ({ what, script, code, requests })))("$what", async (one) => {
    const { script, code, requests } = one;
    const server = await scriptedServer(vault({ get: enabled, unwrapkey: script }));
    const error = await refused(server);
    expect(error).toMatchObject({ code, provider: "azure", retryable: false });
    expect(JSON.stringify(error) + error.message).not.toMatch(/99998888|sts\.windows|PLAINTEXT|html/);
    expect(server.authorised()).toHaveLength(requests);
  });

  it.each(passing)("%s is tried four times by core, and never by the SDK", async (_what, script, code) => {
    const server = await scriptedServer(vault({ unwrapkey: script }));
    const error = await refused(server, 20_000);
    expect(error).toMatchObject({ code, retryable: true });
    expect(server.authorised()).toHaveLength(4);
  });

  it("name the request", async () => {
    const server = await scriptedServer(vault({ unwrapkey: serviceError(403, "Forbidden", "ForbiddenByRbac", words) }));
    expect(await refused(server)).toMatchObject({ code: "access-denied", requestId });
    server.play(
      vault({
        unwrapkey: answer(
          403,
          { error: { code: "Forbidden", innererror: { code: "ForbiddenByRbac" } } },
          { "x-ms-request-id": "two words" },
        ),
      }),
    );
    expect((await refused(server)).requestId).toBeUndefined();
  });

  it("hand on how long to wait", async () => {
    const slow = answer(429, { error: { code: "Throttled", message: words } }, { "retry-after": "60" });
    const server = await scriptedServer(vault({ unwrapkey: slow }));
    const started = performance.now();
    expect(await refused(server)).toMatchObject({ code: "throttled" });
    expect(performance.now() - started).toBeLessThan(2000);
    expect(server.authorised()).toHaveLength(1);
  });

  it.each([
    ["disabled", { enabled: false }, "key-disabled"],
    ["expired", { enabled: true, exp: 1_600_000_000 }, "key-expired"],
    ["not valid yet", { enabled: true, nbf: 4_000_000_000 }, "key-not-yet-valid"],
    ["enabled", { enabled: true }, "access-denied"],
  ])("that could mean several things mean what the key's state says: %s", async (_what, attributes, code) => {
    const forbidden = serviceError(403, "Forbidden", "SomethingNew", words);
    const server = await scriptedServer(vault({ get: answer(200, { ...rsaBundle, attributes }), unwrapkey: forbidden }));
    expect(await refused(server)).toMatchObject({ code });
  });

  it.each([
    ["not yet valid or expired", "KeyNotYetValidOrExpired", { enabled: true, nbf: 4_000_000_000 }, "key-not-yet-valid"],
    ["not yet valid or expired", "KeyNotYetValidOrExpired", { enabled: true, exp: 1_600_000_000 }, "key-expired"],
  ])("to an encryption outside the key's validity (%s, %s) are told apart", async (_what, inner, attributes, code) => {
    const encrypt = serviceError(403, "Forbidden", inner, words);
    const server = await scriptedServer(vault({ ...hsm(), get: answer(200, octBundle), encrypt }, hsmChallenge));
    const key = kmsOf(server).open(hsmCmk);
    await key.describe();
    server.play(vault({ ...hsm(), get: answer(200, { ...octBundle, attributes }), encrypt }, hsmChallenge));
    const wrap = key.wrapKey(randomBytes(32), context, { confirmedWithinMs: 60_000 });
    expect(await refusal(wrap)).toMatchObject({ code });
  });

  it("to an encryption that the key cannot do say which key can", async () => {
    const encrypt = serviceError(400, "BadParameter", undefined, words);
    const server = await scriptedServer(vault({ get: answer(200, octBundle), encrypt }, hsmChallenge));
    const error = await refusal(kmsOf(server).open(hsmCmk).generateDataKey(context));
    expect(error).toMatchObject({ code: "wrong-key-type" });
    expect(error.message).toContain("256 bits");
  });

  it.each([
    ["nobody listens", "https://127.0.0.1:9", "unavailable"],
    ["the name does not exist", "https://vault.invalid", "unavailable"],
  ])("when %s", async (_what, url, code) => {
    const { ca } = await scriptedServer();
    const key = kmsOf({ url, ca }).open(cmk);
    expect(await refusal(key.describe({ timeoutMs: 3000 }))).toMatchObject({ code });
  });

  it("when the certificate is not the vault's, or nobody's that is trusted", async () => {
    const server = await scriptedServer(vault({ get: enabled }));
    const elsewhere = { suffix: "vault.other.test", audience: "https://vault.other.test", authorities: ["login.other.test"] };
    const key = kmsOf(server, { hosts: [elsewhere] }).open({
      provider: "azure",
      resource: "https://contoso.vault.other.test/keys/crm",
    });
    expect(await refusal(key.describe())).toMatchObject({ code: "bad-answer" });
    const untrusted = kmsOf(server, { ca: selfSigned(["*.vault.azure.net"]).cert }).open(cmk);
    expect(await refusal(untrusted.describe())).toMatchObject({ code: "bad-answer" });
    expect(server.requests).toEqual([]);
  });

  it("when the service hangs, the socket is let go at the deadline", async () => {
    const server = await scriptedServer();
    const closed = new Promise<void>((resolve) => {
      server.play(({ message }) => message.socket.once("close", () => resolve()));
    });
    expect(await refused(server, 100)).toMatchObject({ code: "timeout" });
    await closed;
    expect(server.requests).toHaveLength(1);
  });
});
