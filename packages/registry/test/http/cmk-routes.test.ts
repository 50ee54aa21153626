import { describe, expect, it } from "vitest";

import { RegistryError } from "../../src/registry-error.ts";
import { accessors, grant } from "./fake-registry.ts";
import { api, cmks, refusalOf, resource, unknownId } from "./api.ts";

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("a CMK over HTTP", () => {
  it("is created with 201 and all seven fields, in Aiven's spelling", async () => {
    const { ask } = api();
    const { status, json } = await ask("POST", cmks, { body: { provider: "aws", resource, default_cmk: true } });
    expect(status).toBe(201);
    expect(json).toEqual({
      cmk: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        provider: "aws",
        resource,
        default_cmk: true,
        status: "current",
        created_at: expect.stringMatching(moment),
        updated_at: expect.stringMatching(moment),
      },
    });
  });

  it("is shown, listed, made the default and deleted, each time with the same seven fields", async () => {
    const { ask, create } = api();
    const id = await create();
    const shown = await ask("GET", `${cmks}/${id}`);
    expect(shown.json).toMatchObject({ cmk: { id, default_cmk: false } });
    expect((await ask("GET", cmks)).json).toEqual({ cmks: [shown.json["cmk"]] });
    const updated = await ask("POST", `${cmks}/${id}`, { body: { default_cmk: true } });
    expect(updated.json).toMatchObject({ cmk: { id, default_cmk: true } });
    const deleted = await ask("DELETE", `${cmks}/${id}`);
    expect(deleted.status).toBe(200);
    expect(deleted.json).toMatchObject({ cmk: { id, status: "deleted", default_cmk: false } });
    const fields = Object.keys(shown.json["cmk"] as object);
    for (const { json } of [updated, deleted]) expect(Object.keys(json["cmk"] as object)).toEqual(fields);
  });

  it("is found under its id in capital letters too", async () => {
    const { ask, create } = api();
    const id = await create();
    expect((await ask("GET", `${cmks}/${id.toUpperCase()}`)).json).toMatchObject({ cmk: { id } });
  });

  it("is gone after it is deleted, and listed only among the deleted", async () => {
    const { ask, create } = api();
    const id = await create();
    await ask("DELETE", `${cmks}/${id}`);
    expect((await ask("GET", `${cmks}/${id}`)).status).toBe(404);
    expect((await ask("GET", cmks)).json).toEqual({ cmks: [] });
    expect((await ask("GET", `${cmks}?status=deleted`)).json).toMatchObject({ cmks: [{ id, status: "deleted" }] });
    expect((await ask("GET", `${cmks}?status=current`)).json).toEqual({ cmks: [] });
  });

  it("is deleted under data keys only by force", async () => {
    const { ask, create, registry } = api();
    const id = await create();
    registry.dataKeys = 3;
    const refused = refusalOf(await ask("DELETE", `${cmks}/${id}?force=false`));
    expect(refused).toMatchObject({ status: 409, code: "in-use", message: expect.stringContaining("3 data keys") });
    expect((await ask("DELETE", `${cmks}/${id}?force=true`)).status).toBe(200);
  });

  it("exists once a project: the second time is 409, in the words that Aiven's Go client looks for", async () => {
    const { ask, create, registry } = api();
    await create();
    const again = refusalOf(await ask("POST", cmks, { body: { provider: "aws", resource } }));
    expect(again).toMatchObject({ status: 409, code: "already-exists", message: expect.stringContaining("already exists") });
    expect(registry.rows).toHaveLength(1);
  });

  it("is not changed by an update without fields, with or without a body", async () => {
    const { ask, create } = api();
    const id = await create();
    const before = (await ask("GET", `${cmks}/${id}`)).text;
    expect((await ask("POST", `${cmks}/${id}`, { body: {} })).text).toBe(before);
    expect((await ask("POST", `${cmks}/${id}`)).text).toBe(before);
  });

  it("is made old and current again", async () => {
    const { ask, create } = api();
    const id = await create();
    expect((await ask("POST", `${cmks}/${id}`, { body: { status: "old" } })).json).toMatchObject({ cmk: { status: "old" } });
    expect((await ask("POST", `${cmks}/${id}`, { body: { status: "current" } })).json).toMatchObject({
      cmk: { status: "current" },
    });
  });

  it("names the services that hold data keys under it, and counts those keys", async () => {
    const { ask, create, registry } = api();
    const id = await create();
    registry.dataKeys = 3;
    expect((await ask("GET", `${cmks}/${id}/service_associations`)).json).toEqual({
      service_associations: [{ service_name: "crm", status: "active" }],
      data_keys: 3,
    });
  });

  it("gives its grants", async () => {
    const { ask, create } = api();
    expect((await ask("GET", `${cmks}/${await create()}/grants`)).json).toEqual({ grants: [grant] });
  });
});

describe("an access check over HTTP", () => {
  it.each([["{}"], [undefined]])("is 200 with how it ended, with the body %j", async (body) => {
    const { ask, create } = api();
    const id = await create();
    const before = (await ask("GET", `${cmks}/${id}`)).json["cmk"] as object;
    const { status, json } = await ask("POST", `${cmks}/${id}/access_check`, body === undefined ? {} : { body });
    expect(status).toBe(200);
    expect(json).toEqual({
      cmk: {
        ...before,
        validation: {
          phase: "done",
          code: "ok",
          message: "Everything works.",
          since: expect.stringMatching(moment),
          checked_at: expect.stringMatching(moment),
        },
      },
      missing: null,
      lints: [{ code: "rotation-off", severity: "notice", message: "The key does not rotate." }],
    });
  });

  it("is kept: the CMK shows how the last one ended, and the list still has seven fields", async () => {
    const { ask, create, registry } = api();
    const id = await create();
    const { cmk: unchecked } = (await ask("GET", `${cmks}/${id}`)).json;
    expect(unchecked).not.toHaveProperty("validation");
    registry.validation = { phase: "wrap", code: "key-disabled", message: "The key is disabled." };
    const checked = (await ask("POST", `${cmks}/${id}/access_check`)).json["cmk"];
    expect((await ask("GET", `${cmks}/${id}`, { token: "viewer" })).json).toEqual({ cmk: checked });
    expect(checked).toMatchObject({ validation: { phase: "wrap", code: "key-disabled" } });
    expect((await ask("GET", cmks)).json).toEqual({ cmks: [unchecked] });
  });

  it("is 200 too when the KMS refuses, and says what to grant", async () => {
    const { ask, create, registry } = api();
    registry.validation = { phase: "unwrap", code: "access-denied", message: "We may not." };
    registry.missing = { permission: "kms:Decrypt", grants: [grant] };
    const { status, json } = await ask("POST", `${cmks}/${await create()}/access_check`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      cmk: { validation: { phase: "unwrap", code: "access-denied" } },
      missing: { permission: "kms:Decrypt", grants: [grant] },
    });
  });
});

describe("the accessors over HTTP", () => {
  it("carry the AWS role under both of its names, and win over an id", async () => {
    const { json, status } = await api().ask("GET", `${cmks}/accessors`);
    expect(status).toBe(200);
    const aws = { principal: accessors.aws?.principal, role_arn: accessors.aws?.principal };
    expect(json).toEqual({ accessors: { ...accessors, aws } });
  });
});

describe("what Aiven's clients do", () => {
  it("works with a slash too many, a limit and their content types", async () => {
    const { ask, create } = api();
    const id = await create();
    const octets = { "content-type": "application/octet-stream" };
    expect((await ask("GET", `/${cmks}?limit=999`, { headers: octets })).status).toBe(200);
    const json = { "content-type": "application/json" };
    expect((await ask("POST", `${cmks}/${id}/access_check?limit=999`, { headers: json })).status).toBe(200);
    expect((await ask("DELETE", `${cmks}/${id}?limit=999`, { headers: { ...octets, "content-length": "0" } })).status).toBe(200);
  });

  it("finds the projects and the user that its login asks for", async () => {
    const { ask, create } = api();
    await create();
    const names = async (token: string): Promise<unknown> => (await ask("GET", "/v1/project", { token })).json;
    expect(await names("viewer")).toEqual({ projects: [{ project_name: "acme", default_cloud: "" }] });
    expect(await names("other")).toMatchObject({ projects: [{ project_name: "globex" }] });
    expect(await names("everything")).toMatchObject({ projects: [{ project_name: "acme" }] });
    expect((await ask("GET", "/v1/me")).json).toMatchObject({
      user: { user: "token:operator", role: "operator", projects: ["acme"], state: "active" },
    });
  });

  it("is answered 404 for what is not served, never in words about a service", async () => {
    const { ask } = api();
    const { message, status } = refusalOf(await ask("POST", "/v1/project/acme/service"));
    expect(status).toBe(404);
    expect(message).not.toMatch(/Service \S+ does not exist/);
  });
});

describe("probes", () => {
  it("need no token", async () => {
    const { ask } = api();
    for (const path of ["/healthz", "/readyz"]) {
      expect(await ask("GET", path, { token: null })).toMatchObject({ status: 200, json: { status: "ok" } });
    }
  });

  it("tell a store that is away from a server that is", async () => {
    const { ask, registry } = api();
    registry.failure = new RegistryError("store-unavailable");
    const answer = await ask("GET", "/readyz", { token: null });
    expect(refusalOf(answer)).toMatchObject({ status: 503, code: "store-unavailable" });
    expect(answer.headers.get("retry-after")).toBe("2");
    expect((await ask("GET", "/readyz", { token: null })).status).toBe(200);
  });
});

describe("an id", () => {
  it.each([unknownId, "1", "default", "00000000-0000-4000-8000-00000000000g", `${unknownId}0`, "'; drop table cmks; --"])(
    "that names nothing is 404: %s",
    async (id) => {
      const { ask, create } = api();
      await create();
      const path = `${cmks}/${encodeURIComponent(id)}`;
      const answers = [
        await ask("GET", path),
        await ask("POST", path, { body: { default_cmk: true } }),
        await ask("DELETE", path),
        await ask("GET", `${path}/service_associations`),
        await ask("GET", `${path}/grants`),
        await ask("POST", `${path}/access_check`),
      ];
      for (const answer of answers) expect(refusalOf(answer)).toMatchObject({ status: 404, code: "not-found" });
    },
  );
});
