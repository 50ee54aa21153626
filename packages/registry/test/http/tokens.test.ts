import { describe, expect, it } from "vitest";

import { RegistryError } from "../../src/registry-error.ts";
import { api, cmks, refusalOf, resource, unknownId } from "./api.ts";

describe("a token over HTTP", () => {
  it.each(["Bearer operator", "bearer operator", "BEARER   operator", "aivenv1 operator", "AivenV1 operator"])(
    "is taken as %s",
    async (authorization) => {
      expect((await api().ask("GET", cmks, { token: null, headers: { authorization } })).status).toBe(200);
    },
  );

  it.each([
    "",
    "operator",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Basic operator",
    "Bearer operator, Bearer operator",
    "Bearer operator extra",
    "Bearer op\u00e9rator",
    `Bearer ${"a".repeat(600)}`,
  ])("that is missing or wrong is 401: %s", async (authorization) => {
    const answer = await api().ask("GET", cmks, { token: null, headers: { authorization } });
    expect(refusalOf(answer)).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("in the query is none", async () => {
    expect((await api().ask("GET", `${cmks}?token=operator&access_token=operator`, { token: null })).status).toBe(401);
  });

  it("cannot be looked at while the store is away: 503", async () => {
    const { ask, failTokens } = api();
    failTokens(new RegistryError("store-unavailable"));
    expect((await ask("GET", cmks)).status).toBe(503);
  });
});

describe("a viewer", () => {
  const id = unknownId;
  it.each([
    ["POST", cmks, { provider: "aws", resource }],
    ["POST", `${cmks}/${id}`, { default_cmk: true }],
    ["DELETE", `${cmks}/${id}`, undefined],
    ["POST", `${cmks}/${id}/access_check`, undefined],
    ["POST", `${cmks}/${id}/rewrap`, { stale_versions: true }],
    ["POST", `${cmks}/operator/rewrap`, { to: id }],
    ["POST", `${cmks}/${id}/retire`, undefined],
  ])("may not %s %s", async (method, path, body) => {
    const { ask, registry } = api();
    for (const token of ["viewer", "watcher"]) {
      expect(refusalOf(await ask(method, path, { body, token }))).toMatchObject({ status: 403, code: "forbidden" });
    }
    expect(registry.calls).toEqual([]);
  });

  it("may read everything of its project", async () => {
    const { ask, create } = api();
    const id = await create();
    const cmk = `${cmks}/${id}`;
    await ask("POST", `${cmk}/rewrap`, { body: { stale_versions: true } });
    await ask("POST", `${cmks}/operator/rewrap`, { body: { to: id } });
    for (const path of [
      cmks,
      `${cmks}/accessors`,
      cmk,
      `${cmk}/service_associations`,
      `${cmk}/grants`,
      `${cmk}/rewrap`,
      `${cmks}/operator/rewrap`,
      "/v1/project",
      "/v1/me",
    ]) {
      expect((await ask("GET", path, { token: "viewer" })).status).toBe(200);
    }
  });
});

describe("a token of another project", () => {
  it("gets for everything the very answer that an unknown id gets", async () => {
    const { ask, create } = api();
    const id = await create();
    const unknown = await ask("GET", `${cmks}/${unknownId}`);
    const asked = [
      ["GET", cmks],
      ["POST", cmks],
      ["GET", `${cmks}/accessors`],
      ["GET", `${cmks}/${id}`],
      ["GET", `${cmks}/${unknownId}`],
      ["POST", `${cmks}/${id}`],
      ["DELETE", `${cmks}/${id}`],
      ["GET", `${cmks}/${id}/service_associations`],
      ["POST", `${cmks}/${id}/access_check`],
      ["GET", `${cmks}/${id}/grants`],
      ["POST", `${cmks}/${id}/rewrap`],
      ["GET", `${cmks}/${id}/rewrap`],
      ["POST", `${cmks}/operator/rewrap`],
      ["GET", `${cmks}/operator/rewrap`],
      ["POST", `${cmks}/${id}/retire`],
      ["GET", "/v1/project/nobody/secrets/cmks"],
    ] as const;
    for (const [method, path] of asked) {
      const { status, text, headers } = await ask(method, path, { token: "other" });
      expect([method, path, status, text]).toEqual([method, path, 404, unknown.text]);
      expect([...headers.keys()]).toEqual([...unknown.headers.keys()]);
    }
  });

  it("does not find the id under its own project either", async () => {
    const { ask, create } = api();
    const id = await create();
    expect((await ask("GET", `/v1/project/globex/secrets/cmks/${id}`, { token: "other" })).status).toBe(404);
  });
});

describe("a token for all projects", () => {
  it.each(["acme", "nobody yet", "äö", "%2e", "x".repeat(256)])("reaches %s", async (project) => {
    const { ask, registry } = api();
    const path = `/v1/project/${encodeURIComponent(project)}/secrets/cmks`;
    expect((await ask("POST", path, { body: { provider: "aws", resource }, token: "everything" })).status).toBe(201);
    expect(registry.rows.map((row) => row.project)).toEqual([project]);
  });

  it.each(["*", "%2A", "x".repeat(257)])("reaches none of the name %s", async (project) => {
    const { ask, registry } = api();
    const path = `/v1/project/${project}/secrets/cmks`;
    expect((await ask("POST", path, { body: { provider: "aws", resource }, token: "everything" })).status).toBe(404);
    expect(registry.rows).toEqual([]);
  });
});
