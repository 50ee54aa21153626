import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type OwnPostgres, startPostgres } from "../../registry/test/store/postgres-server.ts";
import { cmkit } from "./command.ts";
import { scratch } from "./scratch.ts";
import { served } from "./served.ts";

let postgres: OwnPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);
afterAll(async () => postgres.close(), 60_000);

describe("a registry on PostgreSQL", () => {
  it("is made, served through an outage of its database, and not given another record key", { timeout: 60_000 }, async () => {
    const { url } = postgres;
    const password = new URL(url).password;
    const dir = scratch();
    const config = join(dir, "cmkit.json");
    const made = await cmkit(["init", dir, "--store", url]);
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(readFileSync(config, "utf8"))).toMatchObject({ store: url });
    const created = await cmkit(["token", "create", "--config", config, "--project", "acme", "--role", "operator", "--json"]);
    const { token } = JSON.parse(created.stdout) as { token: string };

    const server = await served({ dir, config });
    const answer = async (): Promise<Response> =>
      fetch(`${server.url}/v1/project/acme/secrets/cmks`, { headers: { authorization: `Bearer ${token}` } });
    const ask = async (): Promise<number> => (await answer()).status;
    expect(await ask()).toBe(200);
    await postgres.stop();
    expect(await ask()).toBe(503);
    expect(await (await answer()).json()).toMatchObject({ message: "the store is not available" });
    for (const at of [server.url, server.opsUrl]) {
      const ready = await fetch(`${at}/readyz`);
      expect(ready.status).toBe(503);
      expect(await ready.text()).not.toContain("PostgreSQL");
      expect((await fetch(`${at}/healthz`)).status).toBe(200);
    }
    await postgres.start();
    expect(await ask()).toBe(200);
    expect(await server.end()).toBe(0);
    expect(server.log()).toMatch(
      /"level":"error".*"errorCode":"store-unavailable","reason":"[^"]*PostgreSQL[^"]*".*"status":503/,
    );

    rmSync(config);
    rmSync(join(dir, "record.key"));
    const lost = await cmkit(["init", dir, "--store", url]);
    expect(lost.exitCode).toBe(1);
    expect(lost.stderr).toMatch(/^cmkit: the PostgreSQL store on localhost:\d+ has rows, and the record key .* is not there\.\n/);
    expect(existsSync(join(dir, "record.key"))).toBe(false);
    for (const text of [made.stdout, server.log(), lost.stderr]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(decodeURIComponent(password));
    }
  });
});
