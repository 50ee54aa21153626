import { KmsError } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { RegistryError } from "../../src/registry-error.ts";
import { api, cmks, refusalOf, resource, unknownId, type Api } from "./api.ts";

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A registry with two keys. */
async function twoKeys(): Promise<Api & { readonly from: string; readonly to: string }> {
  const to = api();
  return { ...to, from: await to.create(), to: await to.create(`${resource}0`) };
}

describe("a rewrap over HTTP", () => {
  it("is begun with 200 and says how far it is, then and later", async () => {
    const { ask, from, to } = await twoKeys();
    const begun = await ask("POST", `${cmks}/${from}/rewrap`, { body: { to } });
    expect(begun).toMatchObject({ status: 200 });
    expect(begun.json).toEqual({
      rewrap: {
        project: "acme",
        from,
        to,
        state: "running",
        data_keys: 5,
        rewrapped: 2,
        remaining: 3,
        failed: [],
        failed_ids: [],
        started_at: expect.stringMatching(moment),
      },
    });
    const { json } = await ask("GET", `${cmks}/${from}/rewrap`, { token: "viewer" });
    expect(json).toMatchObject({ rewrap: { from, to, state: "running", rewrapped: 2 } });
  });

  it("that ended says what could not be rewrapped, and why it stopped", async () => {
    const { ask, registry, from, to } = await twoKeys();
    await ask("POST", `${cmks}/${from}/rewrap`, { body: { to } });
    registry.rewrapped = {
      state: "partial",
      dataKeys: 5,
      remaining: 4,
      failed: [{ code: "key-disabled", count: 4 }],
      failedIds: ["AAAA"],
      stopped: "key-disabled",
    };
    expect((await ask("GET", `${cmks}/${from}/rewrap`)).json).toMatchObject({
      rewrap: {
        state: "partial",
        rewrapped: 1,
        failed: [{ code: "key-disabled", count: 4 }],
        failed_ids: ["AAAA"],
        stopped: "key-disabled",
      },
    });
  });

  it("has rewrapped no fewer than none, where more is left than was counted", async () => {
    const { ask, registry, from, to } = await twoKeys();
    registry.rewrapped = { ...registry.rewrapped, dataKeys: 3, remaining: 4 };
    const { json } = await ask("POST", `${cmks}/${from}/rewrap`, { body: { to } });
    expect(json).toMatchObject({ rewrap: { data_keys: 3, rewrapped: 0, remaining: 4 } });
  });

  it("moves data keys to the current version of their own key", async () => {
    const { ask, registry, from } = await twoKeys();
    const { json } = await ask("POST", `${cmks}/${from}/rewrap`, { body: { stale_versions: true } });
    expect(json).toMatchObject({ rewrap: { from, to: from } });
    expect(registry.rewraps).toMatchObject([{ from }]);
    expect(registry.rewraps[0]).not.toHaveProperty("to");
  });

  it("hands on how fast it may be, who asks, and no signal: it outlives the request", async () => {
    const { ask, registry, from, to } = await twoKeys();
    const body = { to: to.toUpperCase(), requests_per_second: 1.5, concurrency: 1000, dry_run: true };
    const asked = { body, token: "everything", headers: { "x-request-id": "r1" } };
    await ask("POST", `${cmks}/${from.toUpperCase()}/rewrap`, asked);
    const given = { project: "acme", from, to, requestsPerSecond: 1.5, concurrency: 1000, dryRun: true };
    expect(registry.rewraps).toEqual([{ ...given, actor: "token:everything", requestId: "r1", signal: undefined }]);
  });

  it("changes the speed that all projects share for a token of all projects alone", async () => {
    const { ask, registry, from, to } = await twoKeys();
    const body = { to, requests_per_second: 1 };
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/rewrap`, { body }));
    expect(refused).toMatchObject({
      status: 403,
      code: "forbidden",
      message: expect.stringContaining("a token for all projects"),
    });
    expect(registry.rewraps).toEqual([]);
  });

  it("leaves the operator's own key by its name, which is no id elsewhere", async () => {
    const { ask, registry, to } = await twoKeys();
    const begun = await ask("POST", `${cmks}/operator/rewrap`, { body: { to } });
    expect(begun).toMatchObject({ status: 200, json: { rewrap: { from: "operator", to } } });
    expect(registry.rewraps).toMatchObject([{ from: "operator", to }]);
    expect((await ask("GET", `${cmks}/operator/rewrap`)).json).toMatchObject({ rewrap: { from: "operator" } });
    for (const path of ["operator", "operator/retire", "operator/grants", "Operator/rewrap"]) {
      expect((await ask(path.endsWith("retire") ? "POST" : "GET", `${cmks}/${path}`)).status).toBe(404);
    }
  });

  it.each([
    [undefined, "either to or stale_versions"],
    [{}, "either to or stale_versions"],
    [{ to: unknownId, stale_versions: true }, "either to or stale_versions"],
    [{ to: "operator" }, "to must be the id of a CMK"],
    [{ to: null }, "to must be"],
    [{ to: [unknownId] }, "to must be"],
    [{ stale_versions: false }, "stale_versions must be true"],
    [{ stale_versions: 1 }, "stale_versions must be true"],
    [{ to: unknownId, requests_per_second: 0 }, "requests_per_second must be"],
    [{ to: unknownId, requests_per_second: 0.9 }, "requests_per_second must be"],
    [{ to: unknownId, requests_per_second: 1_000_001 }, "requests_per_second must be"],
    [{ to: unknownId, requests_per_second: "9" }, "requests_per_second must be"],
    [`{"to":"${unknownId}","requests_per_second":1e999}`, "requests_per_second must be"],
    [{ to: unknownId, concurrency: 0 }, "concurrency must be"],
    [{ to: unknownId, concurrency: 1001 }, "concurrency must be"],
    [{ to: unknownId, concurrency: 1.5 }, "concurrency must be"],
    [{ to: unknownId, dry_run: "true" }, "dry_run must be"],
    [{ to: unknownId, from: unknownId }, '"from"'],
    [{ to: unknownId, resource }, '"resource"'],
    [[], "object"],
    ["null", "object"],
  ])("is not begun with the body %j", async (body, named) => {
    const { ask, registry, from } = await twoKeys();
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/rewrap`, { body }));
    expect(refused).toMatchObject({ status: 400, code: "invalid-request", message: expect.stringContaining(named) });
    expect(registry.rewraps).toEqual([]);
  });

  it("is refused in the words of the KMS that refuses the target", async () => {
    const { ask, registry, from, to } = await twoKeys();
    registry.failure = new KmsError("key-disabled", { provider: "aws" });
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/rewrap`, { body: { to } }));
    expect(refused).toMatchObject({ status: 422, code: "key-disabled" });
  });

  it.each(["activating", "deactivating"] as const)("shows with the services that have data keys: %s", async (status) => {
    const { ask, registry, from } = await twoKeys();
    registry.dataKeys = 1;
    registry.association = status;
    const { json } = await ask("GET", `${cmks}/${from}/service_associations`);
    expect(json).toEqual({ service_associations: [{ service_name: "crm", status }], data_keys: 1 });
  });

  it("that never was is 404", async () => {
    const { ask, from } = await twoKeys();
    expect(refusalOf(await ask("GET", `${cmks}/${from}/rewrap`))).toMatchObject({ status: 404, code: "not-found" });
  });
});

describe("retiring over HTTP", () => {
  const all = { token: "everything" };

  it("takes a token for all projects: the report tells of the whole store", async () => {
    const { ask, registry, from } = await twoKeys();
    const calls = registry.calls.length;
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/retire`));
    expect(refused).toMatchObject({ status: 403, code: "forbidden", message: expect.stringContaining("all projects") });
    expect(registry.calls).toHaveLength(calls);
  });

  it("answers with the report", async () => {
    const { ask, from } = await twoKeys();
    const { status, json } = await ask("POST", `${cmks}/${from}/retire`, all);
    expect(status).toBe(200);
    const version = { key_version: "1", made: 3, rewrapped_in: 2, rewrapped_out: 5, shredded: 0, present: 0 };
    expect(json).toEqual({
      retire: {
        cmk: (await ask("GET", `${cmks}/${from}`)).json["cmk"],
        resource,
        store: "fake",
        position: "17",
        at: expect.stringMatching(moment),
        versions: [version, { ...version, key_version: null }],
        cannot_see: ["Messages elsewhere."],
        backups_until: null,
        safe_to_destroy: false,
        audit_entry: 4,
      },
    });
  });

  it.each([
    ["2001-01-31T00:00:00Z", "2001-01-31T00:00:00.000Z", true],
    ["2999-01-31T00:00:00.5+02:00", "2999-01-30T22:00:00.500Z", false],
  ])("takes until when there are backups: %s", async (given, until, safe) => {
    const { ask, from } = await twoKeys();
    const { json } = await ask("POST", `${cmks}/${from}/retire`, { ...all, body: { backups_until: given } });
    expect(json).toMatchObject({ retire: { backups_until: until, safe_to_destroy: safe } });
  });

  it.each([
    ["2027-01-31", "backups_until must be a time"],
    ["2027-01-31T00:00:00", "backups_until must be a time"],
    ["2027-02-31T00:00:00Z", "backups_until must be a time"],
    [1_800_000_000, "backups_until must be a time"],
    [null, "backups_until must be a time"],
  ])("refuses what is no time: %j", async (until, named) => {
    const { ask, registry, from } = await twoKeys();
    const calls = registry.calls.length;
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/retire`, { ...all, body: { backups_until: until } }));
    expect(refused).toMatchObject({ status: 400, code: "invalid-request", message: expect.stringContaining(named) });
    expect(refusalOf(await ask("POST", `${cmks}/${from}/retire`, { ...all, body: { force: true } })).message).toContain(
      '"force"',
    );
    expect(registry.calls).toHaveLength(calls);
  });

  it("is 409 while data keys are left", async () => {
    const { ask, registry, from } = await twoKeys();
    registry.dataKeys = 2;
    const refused = refusalOf(await ask("POST", `${cmks}/${from}/retire`, all));
    expect(refused).toMatchObject({ status: 409, code: "in-use", message: expect.stringContaining("2 data keys") });
    registry.failure = new RegistryError("in-use", "It is current.");
    expect(refusalOf(await ask("POST", `${cmks}/${from}/retire`, all)).message).toBe("It is current.");
  });
});
