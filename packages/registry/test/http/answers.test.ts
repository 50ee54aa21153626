import { KmsError, kmsErrorCodes } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { registryApp, type RequestEntry } from "../../src/http/index.ts";
import { RegistryError, registryErrorCodes } from "../../src/registry-error.ts";
import { api, cmks, refusalOf, resource } from "./api.ts";
import { FakeRegistry } from "./fake-registry.ts";

const secret = "role/secret-operator-role";

describe("an error", () => {
  const errors = [
    ...registryErrorCodes.map((code) => new RegistryError(code)),
    ...kmsErrorCodes.map((code) => new KmsError(code, { provider: "aws", cause: new Error(secret) })),
  ];
  it.each(errors.map((error) => [error.code, error] as const))(
    "is answered with its status and code: %s",
    async (code, error) => {
      const { ask, registry, entries } = api();
      registry.failure = error;
      const answer = await ask("GET", cmks);
      const { status, message } = refusalOf(answer);
      expect(status).toBe(error.httpStatus);
      expect(refusalOf(answer).code).toBe(code);
      expect(message).not.toBe("");
      expect(answer.text).not.toContain(secret);
      expect(Object.keys(answer.json)).toEqual(["message", "errors"]);
      expect(answer.headers.get("retry-after")).toBe(status === 503 ? "2" : null);
      expect(entries).toMatchObject([{ status, errorCode: code }]);
    },
  );

  it("says at a conflict that it already exists, whatever the words", async () => {
    const { ask, registry } = api();
    registry.failure = new RegistryError("already-exists", "Taken.");
    expect(refusalOf(await ask("POST", cmks, { body: { provider: "aws", resource } })).message).toContain("already exists");
  });

  it("keeps our words for the caller, and the operator's to the operator", async () => {
    const { ask, registry } = api();
    registry.failure = new KmsError("invalid-resource", { provider: "aws", detail: "expected an ARN" });
    expect(refusalOf(await ask("GET", cmks)).message).toContain("expected an ARN");
    registry.failure = new KmsError("credentials", { provider: "aws", detail: secret });
    expect(refusalOf(await ask("GET", cmks)).message).not.toContain(secret);
    registry.failure = new KmsError("unavailable", { provider: "aws" });
    expect(refusalOf(await ask("GET", cmks)).message).toBe(new KmsError("unavailable", { provider: "aws" }).message);
  });

  it.each([
    ["store-unavailable", cmks, "operator", 503],
    ["store-unavailable", "/readyz", null, 503],
    ["bad-record", cmks, "operator", 500],
    ["bad-record", "/readyz", null, 500],
  ] as const)("of the store tells its reason to the log alone: %s at %s", async (code, path, token, status) => {
    const { ask, registry, entries } = api();
    registry.failure = new RegistryError(code, secret);
    const answer = await ask("GET", path, { token });
    expect(refusalOf(answer)).toMatchObject({ status, code });
    expect(answer.text + JSON.stringify([...answer.headers])).not.toContain(secret);
    expect(entries).toMatchObject([{ status, errorCode: code, reason: secret }]);
    registry.failure = new RegistryError(code);
    expect((await ask("GET", path, { token, headers: { "x-request-id": "r" } })).status).toBe(status);
    expect(entries[1]).toMatchObject({ errorCode: code, reason: undefined });
  });

  it("while a token is looked at tells no stranger why", async () => {
    const { ask, failTokens, entries } = api();
    failTokens(new RegistryError("store-unavailable", secret));
    const answer = await ask("GET", cmks);
    expect(refusalOf(answer)).toEqual({ status: 503, code: "store-unavailable", message: "the store is not available" });
    expect(entries).toMatchObject([{ reason: secret, actor: undefined, project: undefined }]);
  });

  it("that is no failure of the store has no reason, which could be a caller's words", async () => {
    const { ask, registry, entries } = api();
    const others = [
      new RegistryError("invalid-request", secret),
      new KmsError("credentials", { detail: secret }),
      new Error(secret),
    ];
    for (const error of others) {
      registry.failure = error;
      await ask("GET", cmks);
    }
    expect(entries.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ["an error", new TypeError(`cannot read ${secret}`)],
    ["a string", secret],
    ["an object with a status", { status: 403, httpStatus: 403, message: secret }],
    ["nothing", null],
  ])("that nobody expected is 500 without its words, and the request's id instead: %s", async (_what, error) => {
    const { ask, registry, entries } = api();
    registry.failure = error;
    const answer = await ask("GET", cmks);
    const { status, code, message } = refusalOf(answer);
    expect({ status, code }).toEqual({ status: 500, code: "unknown" });
    expect(message).toContain(answer.headers.get("x-request-id"));
    expect(answer.text + JSON.stringify(entries)).not.toContain(secret);
  });

  it("with a status that Aiven's clients would try again is 500", async () => {
    const { ask, registry } = api();
    for (const httpStatus of [200, 408, 417, 429, 501, 999, Number.NaN]) {
      registry.failure = Object.defineProperty(new RegistryError("in-use"), "httpStatus", { value: httpStatus });
      expect(refusalOf(await ask("GET", cmks)).status).toBe(500);
    }
  });
});

describe("every answer", () => {
  it("is JSON with a body, is not stored and not sniffed, and carries a request id", async () => {
    const { ask, create } = api();
    const cmk = `${cmks}/${await create()}`;
    const asked = [
      ["GET", cmks, 200],
      ["GET", "/healthz", 200],
      ["GET", "/openapi.json", 200],
      ["POST", cmks, 400],
      ["GET", "/nothing", 404],
      ["GET", "/%2f", 404],
      ["PUT", cmks, 405],
      ["DELETE", cmk, 200],
      ["GET", cmk, 404],
    ] as const;
    for (const [method, path, status] of asked) {
      const answer = await ask(method, path);
      expect([method, path, answer.status]).toEqual([method, path, status]);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(Object.hasOwn(answer.json, "error")).toBe(false);
    }
  });

  it.each(["abc-DEF_1.2", "a".repeat(64)])("keeps the request id that the caller made: %s", async (id) => {
    const { ask, entries } = api();
    const { headers } = await ask("GET", cmks, { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id")).toBe(id);
    expect(entries).toMatchObject([{ requestId: id }]);
  });

  it.each(["", "a b", "a".repeat(65), "a,b", "ä", "<script>"])("has its own where the caller's is none: %s", async (id) => {
    const { headers } = await api().ask("GET", cmks, { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("the registry", () => {
  it("is told who asks, under which request id and for how long, at every change", async () => {
    const { ask, registry, app } = api();
    const controller = new AbortController();
    const authorization = "Bearer operator";
    const body = JSON.stringify({ provider: "aws", resource });
    const headers = { authorization, "x-request-id": "mine" };
    await app.fetch(new Request(`http://host${cmks}`, { method: "POST", headers, body, signal: controller.signal }));
    const id = registry.rows[0]?.id;
    await ask("POST", `${cmks}/${id}`, { body: { default_cmk: true } });
    await ask("POST", `${cmks}/${id}/access_check`);
    await ask("DELETE", `${cmks}/${id}`);
    expect(registry.calls.map(({ actor }) => actor)).toEqual(Array.from({ length: 4 }, () => "token:operator"));
    expect(registry.calls[0]?.requestId).toBe("mine");
    expect(registry.calls[0]?.signal?.aborted).toBe(false);
    controller.abort();
    expect(registry.calls[0]?.signal?.aborted).toBe(true);
  });
});

describe("what is told of a request", () => {
  it("is its pattern, never its id, its query or its token", async () => {
    const { ask, create, entries } = api();
    const id = await create();
    entries.length = 0;
    await ask("GET", `${cmks}/${id}?token=sesame`, { headers: { "x-request-id": "r1" } });
    expect(entries).toEqual([
      {
        requestId: "r1",
        method: "GET",
        route: "/v1/project/{project}/secrets/cmks/{id}",
        status: 200,
        durationMs: 5,
        actor: "token:operator",
        project: "acme",
        errorCode: undefined,
        reason: undefined,
        frames: undefined,
      },
    ]);
  });

  it("names neither actor nor project to those whose token does not reach it", async () => {
    const { ask, entries } = api();
    await ask("GET", cmks, { token: null });
    await ask("GET", cmks, { token: "other" });
    await ask("GET", "/v1/made-up/path");
    expect(entries).toMatchObject([
      { route: "/v1/project/{project}/secrets/cmks", status: 401, actor: undefined, project: undefined },
      { route: "/v1/project/{project}/secrets/cmks", status: 404, actor: "token:other", project: undefined },
      { route: "other", status: 404, actor: undefined, project: undefined },
    ]);
  });

  it("says of an error that nobody expected where it was thrown", async () => {
    const { ask, registry, entries } = api();
    registry.failure = new TypeError(`two lines\n    at ${secret}`);
    await ask("GET", cmks);
    const [entry] = entries;
    expect(entry?.frames?.[0]).toMatch(/^at .*answers\.test\.ts/);
    expect(JSON.stringify(entry)).not.toContain(secret);
  });

  it("changes no answer when the log fails", async () => {
    const registry = new FakeRegistry();
    const onRequest = (_entry: RequestEntry): void => {
      throw new Error("disk full");
    };
    const app = registryApp(registry, { tokens: { authenticate: async () => undefined }, onRequest });
    expect((await app.fetch(new Request("http://host/healthz"))).status).toBe(200);
  });
});
