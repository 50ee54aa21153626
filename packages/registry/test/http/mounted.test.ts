import { Hono } from "hono";
import { describe, expect, it } from "vitest";

import { api, cmks, type Api } from "./api.ts";

describe.each(["/", "/byok", "/deep/prefix"])("the application mounted in another at %s", (prefix) => {
  const at = prefix === "/" ? "" : prefix;
  const headers = { authorization: "Bearer operator" };

  function mounted(): { outer: Hono; inner: Api } {
    const inner = api();
    const outer = new Hono().get("/own", (c) => c.text("own"));
    outer.mount(prefix, inner.app.fetch);
    return { outer, inner };
  }

  it("answers what is its own", async () => {
    const { outer, inner } = mounted();
    const body = JSON.stringify({ provider: "aws", resource: "arn:aws:kms:x" });
    const created = await outer.request(`${at}${cmks}`, { method: "POST", headers, body });
    expect(created.status).toBe(201);
    const id = inner.registry.rows[0]?.id;
    expect((await outer.request(`${at}/${cmks}/${id}?limit=999`, { headers })).status).toBe(200);
    expect((await outer.request(`${at}/healthz`)).status).toBe(200);
    expect(inner.entries.map(({ route }) => route)).toEqual([
      "/v1/project/{project}/secrets/cmks",
      "/v1/project/{project}/secrets/cmks/{id}",
      "/healthz",
    ]);
  });

  it("keeps its answers in its own shape, and leaves the others alone", async () => {
    const { outer } = mounted();
    const unknown = await outer.request(`${at}/v1/nothing`);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { errors: [{ error_code: "not-found" }] }]);
    expect((await outer.request(`${at}${cmks}`)).status).toBe(401);
    expect((await outer.request(`${at}${cmks}/a%2fb`, { headers })).status).toBe(404);
    expect(await (await outer.request("/own")).text()).toBe("own");
  });
});
