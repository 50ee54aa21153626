import { randomBytes } from "node:crypto";
import { aws } from "@cmkit/aws";
import { multiCloudKms } from "@cmkit/core";
import { awsEmulator, defaultAwsSeed, type AwsEmulator } from "@cmkit/emulators";
import { describe, expect, it, onTestFinished } from "vitest";

import { cmkRegistry } from "../../src/cmk-registry.ts";
import { registryApp } from "../../src/http/index.ts";
import type { Registry } from "../../src/registry.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { apiTokens, type ApiTokens } from "../../src/token-store.ts";
import { cmks, refusalOf, type Answer } from "./api.ts";

interface Service {
  readonly emulator: AwsEmulator;
  readonly registry: Registry;
  readonly tokens: ApiTokens;
  /** The token that `ask` sends unless it is given another: an operator's, of acme. */
  readonly token: string;
  readonly clock: { now: number };
  readonly ask: (method: string, path: string, asked?: { body?: unknown; token?: string }) => Promise<Answer>;
  /** Registers the emulator's symmetric key and gives its id. */
  readonly create: () => Promise<string>;
}

/** The registry as it is served: on SQLite, with tokens of its own, and over a cloud that answers. */
async function service(): Promise<Service> {
  const seed = defaultAwsSeed();
  const emulator = await awsEmulator({
    seed: { ...seed, keys: seed.keys.filter(({ alias }) => alias === "alias/cmkit-symmetric") },
  });
  const kms = multiCloudKms({ adapters: [aws({ endpoint: emulator.url, credentials: emulator.credentials })] });
  const recordKey = new Uint8Array(randomBytes(32));
  const store = sqliteStore(":memory:");
  const accessors = { aws: { principal: "arn:aws:iam::111122223333:role/cmkit" } };
  const registry = cmkRegistry({ kms, store, recordKey, accessors });
  onTestFinished(async () => {
    await registry.close();
    await kms.close();
    await emulator.close();
  });
  const clock = { now: Date.now() };
  const tokens = apiTokens({ store, recordKey, clock: { wallMs: () => clock.now } });
  const { secret } = await tokens.create("acme", "operator");
  const app = registryApp(registry, { tokens });
  const ask: Service["ask"] = async (method, path, { body, token = secret } = {}) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { authorization: `aivenv1 ${token}`, "x-request-id": "r1" };
    const answer = await app.fetch(new Request(`http://host${path}`, { method, headers, ...sent }));
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) as Answer["json"] };
  };
  const create = async (): Promise<string> => {
    const resource = emulator.keyArn("alias/cmkit-symmetric");
    const { json } = await ask("POST", cmks, { body: { provider: "aws", resource, default_cmk: true } });
    return (json["cmk"] as { id: string }).id;
  };
  return { emulator, registry, tokens, token: secret, clock, ask, create };
}

describe("the registry over HTTP, on SQLite", () => {
  it("leads a key through its life", async () => {
    const { ask, create, registry } = await service();
    const id = await create();
    expect((await ask("GET", cmks)).json).toMatchObject({ cmks: [{ id, default_cmk: true, status: "current" }] });
    const checked = await ask("POST", `${cmks}/${id}/access_check`);
    expect(checked).toMatchObject({
      status: 200,
      json: { cmk: { id, validation: { phase: "done", code: "ok" } }, missing: null },
    });
    await registry.envelope({ service: "crm" }).seal(Buffer.from("Ada"), { tenant: "acme", path: ["name"] });
    expect((await ask("GET", `${cmks}/${id}/service_associations`)).json).toEqual({
      service_associations: [{ service_name: "crm", status: "active" }],
      data_keys: 1,
    });
    const refused = refusalOf(await ask("DELETE", `${cmks}/${id}`));
    expect(refused).toMatchObject({ status: 409, code: "in-use", message: expect.stringContaining("1 data key") });
    expect((await ask("DELETE", `${cmks}/${id}?force=true`)).json).toMatchObject({ cmk: { status: "deleted" } });
    expect((await ask("GET", `${cmks}/${id}`)).status).toBe(404);
    expect((await ask("GET", `${cmks}?status=deleted`)).json).toMatchObject({ cmks: [{ id }] });
    expect(await create()).not.toBe(id);
  });

  it("names the missing permission and the grant that adds it", async () => {
    const { ask, create, emulator } = await service();
    const id = await create();
    emulator.deny(emulator.keyArn("alias/cmkit-symmetric"), { action: "kms:Decrypt" });
    const { status, json } = await ask("POST", `${cmks}/${id}/access_check`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      cmk: { validation: { phase: "unwrap", code: "access-denied" } },
      missing: { permission: "kms:Decrypt" },
    });
    const grants = (await ask("GET", `${cmks}/${id}/grants`)).json["grants"];
    expect(grants).toContainEqual(expect.objectContaining({ text: expect.stringContaining("kms:Decrypt") }));
  });

  it("refuses a resource that is outside its cloud's grammar, and a cloud that nobody installed", async () => {
    const { ask } = await service();
    for (const [provider, resource, code] of [
      ["aws", "not an ARN", "invalid-resource"],
      ["aws", "arn:\u0000", "invalid-resource"],
      ["aws", "arn:\ud800", "invalid-resource"],
      ["aws", "'; drop table cmks; --", "invalid-resource"],
      ["gcp", "projects/p/locations/l/keyRings/r/cryptoKeys/k", "adapter-missing"],
    ]) {
      const refused = refusalOf(await ask("POST", cmks, { body: { provider, resource } }));
      expect(refused).toMatchObject({ status: 400, code });
    }
    expect((await ask("GET", cmks)).json).toEqual({ cmks: [] });
  });

  it("writes who asked and the request's id into the audit log", async () => {
    const { create, registry } = await service();
    const id = await create();
    const entries = [];
    for await (const entry of registry.audit.entries({ project: "acme" })) entries.push(entry);
    expect(entries).toContainEqual(
      expect.objectContaining({ action: "cmk.create", subject: id, requestId: "r1", actor: expect.stringMatching(/^token:/) }),
    );
  });

  it("knows expired, revoked, changed and foreign tokens", async () => {
    const { ask, create, tokens, token, clock } = await service();
    const path = `${cmks}/${await create()}`;
    const short = await tokens.create("acme", "viewer", { expiresAt: new Date(clock.now + 60_000) });
    expect((await ask("GET", path, { token: short.secret })).status).toBe(200);
    expect((await ask("DELETE", path, { token: short.secret })).status).toBe(403);
    const foreign = await tokens.create("globex", "operator");
    expect((await ask("GET", path, { token: foreign.secret })).status).toBe(404);
    const everywhere = await tokens.create("*", "operator");
    expect((await ask("GET", path, { token: everywhere.secret })).status).toBe(200);
    await tokens.revoke(everywhere.token.id);
    clock.now += 61_000;
    const last = token.endsWith("A") ? "B" : "A";
    for (const wrong of [everywhere.secret, short.secret, token.slice(0, -1) + last, token.slice(1), `${token}A`]) {
      expect(refusalOf(await ask("GET", path, { token: wrong }))).toMatchObject({ status: 401, code: "unauthenticated" });
    }
    expect((await ask("GET", path)).status).toBe(200);
  });

  it("answers 503 when its store is closed, and never says why", async () => {
    const { ask, registry } = await service();
    await registry.close();
    for (const path of [cmks, "/readyz"]) {
      const answer = await ask("GET", path);
      expect(refusalOf(answer)).toEqual({ status: 503, code: "store-unavailable", message: "the store is not available" });
      expect(answer.headers.get("retry-after")).toBe("2");
    }
    expect((await ask("GET", "/healthz")).status).toBe(200);
  });
});
