import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";

import { raw, rawConnection } from "./raw-http.ts";
import { type RegistryHome, registryHome } from "./registry-home.ts";
import { served } from "./served.ts";
import { workshop } from "./workshop.ts";

const key = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";

/** Asks the API as the holder of a token. */
function asker(url: string, token: string) {
  return async (path: string, body?: object, method = body === undefined ? "GET" : "POST"): Promise<Response> =>
    fetch(`${url}/v1/project/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
}

describe("cmkit serve", () => {
  it("says where it listens, serves the API to those who have a token, and ends with 0 when it is asked to", async () => {
    const home = await registryHome();
    const { token } = await home.token("acme");
    const server = await served(home);
    const ask = asker(server.url, token);
    const created = await ask("acme/secrets/cmks", { provider: "aws", resource: key });
    expect(created.status).toBe(201);
    const { cmk } = (await created.json()) as { cmk: { id: string } };
    const listed = await (await ask("acme/secrets/cmks")).json();
    expect(listed).toMatchObject({ cmks: [{ id: cmk.id, resource: key }] });
    expect((await ask("globex/secrets/cmks")).status).toBe(404);
    expect((await fetch(`${server.url}/v1/project/acme/secrets/cmks`)).status).toBe(401);
    expect(await server.end()).toBe(0);
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
    await expect(fetch(server.opsUrl)).rejects.toThrow("fetch failed");
    // What it wrote is in the store.
    const audit = await home.cmkit(["audit", "list", "--project", "acme", "--json"]);
    expect(JSON.parse(audit.stdout)).toMatchObject([{ action: "token.create" }, { action: "cmk.create", subject: cmk.id }]);
  });

  it("prints lines for people without --json", async () => {
    const home = await registryHome();
    const { exitCode, stdout } = await home.cmkit(["serve", "--port", "0", "--ops-port", "0"], {
      untilAskedToEnd: async () => {},
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^cmkit listening on http:\/\/127\.0\.0\.1:\d+\ncmkit metrics on http:\/\/127\.0\.0\.1:\d+\/metrics\n$/,
    );
  });

  it("answers /healthz and /readyz on both ports without a token, and /metrics on the second alone", async () => {
    const server = await served(await registryHome());
    for (const url of [server.url, server.opsUrl]) {
      for (const path of ["healthz", "readyz"]) expect((await fetch(`${url}/${path}`)).status).toBe(200);
    }
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${server.opsUrl}/metrics`)).headers.get("content-type")).toMatch(/^text\/plain/);
    expect((await fetch(`${server.opsUrl}/v1/project/acme/secrets/cmks`)).status).toBe(404);
    expect((await fetch(`${server.opsUrl}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("refuses paths that could mean two things as they were sent, before it looks at tokens", async () => {
    const server = await served(await registryHome());
    for (const target of ["/v1/../healthz", "/v1/%2e%2e/healthz", "/v1%2fproject", "//v1//project", "/healthz/"]) {
      const answer = await raw(server.url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect([target, answer.slice(0, 13)]).toEqual([target, "HTTP/1.1 404 "]);
    }
  });

  it("counts requests by route and status and calls to the KMS by outcome, and names no project, key or token", async () => {
    const shop = await workshop();
    const home = await registryHome();
    home.configure({ dev: shop.path("cmkit.dev.json") });
    const { id, token } = await home.token();
    const server = await served(home);
    const ask = asker(server.url, token);
    const created = await ask("tenant-of-ours/secrets/cmks", { provider: "aws", resource: shop.key });
    const { cmk } = (await created.json()) as { cmk: { id: string } };
    expect((await ask(`tenant-of-ours/secrets/cmks/${cmk.id}/access_check`, {})).status).toBe(200);
    shop.emulator.disableKey(shop.key);
    expect((await ask(`tenant-of-ours/secrets/cmks/${cmk.id}/access_check`, {})).status).toBe(200);
    await ask("tenant-of-ours/secrets/nothing");
    const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
    const route = 'route="/v1/project/{project}/secrets/cmks';
    expect(metrics).toContain(`cmkit_http_requests_total{method="POST",${route}",status="201"} 1`);
    expect(metrics).toContain('cmkit_http_requests_total{method="GET",route="other",status="404"} 1');
    expect(metrics).toContain(`cmkit_http_request_duration_seconds_count{method="POST",${route}",status="201"} 1`);
    expect(metrics).toMatch(/^cmkit_kms_calls_total\{provider="aws",operation="unwrap",outcome="ok"\} \d+$/m);
    expect(metrics).toMatch(/^cmkit_kms_calls_total\{provider="aws",operation="unwrap",outcome="decrypt-failed"\} \d+$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    for (const secret of ["tenant-of-ours", cmk.id, shop.key, id, token]) expect(metrics).not.toContain(secret);
    // A key that changed is an event.
    expect(server.log()).toMatch(/"level":"warn".*"project":"tenant-of-ours".*"state":"disabled".*"msg":"key changed"/);
  });

  it("lets a request that is under way end, and takes no other", async () => {
    const home = await registryHome();
    const { token } = await home.token();
    const server = await served(home);
    const body = JSON.stringify({ provider: "aws", resource: key });
    const { socket, answer } = await rawConnection(server.url);
    const head = `POST /v1/project/acme/secrets/cmks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    await once(socket, "data"); // it has begun to be answered
    const ended = server.end();
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
    socket.write(body);
    expect(await answer).toMatch(/HTTP\/1.1 201 Created\r\n/);
    expect(await ended).toBe(0);
  });
});

describe("cmkit serve refuses", () => {
  async function refusal(home: RegistryHome, ...argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await home.cmkit(["serve", "--port", "0", ...argv]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    return stderr;
  }

  it("the store of a `cmkit dev`", async () => {
    const home = await registryHome();
    const store = sqliteStore(home.path("dev.db"), { development: true });
    await store.ready();
    await store.close();
    home.configure({ store: "sqlite:dev.db" });
    expect(await refusal(home)).toMatch(/^cmkit: .*dev\.db is the store of a `cmkit dev`\.\n/);
  });

  it("a store that is not there, which would come back empty", async () => {
    const home = await registryHome();
    rmSync(home.path("cmkit.db"));
    expect(await refusal(home)).toMatch(/^cmkit: There is no store .*cmkit\.db\.\n/);
  });

  it("a record key that is not that of the store", async () => {
    const home = await registryHome();
    await home.token();
    writeFileSync(home.path("record.key"), new Uint8Array(32));
    expect(await refusal(home)).toMatch(/^cmkit: .*cmkit\.db was made with another record key, or /);
  });

  it("a port that is in use, for the metrics too, and lets go of the other one", async () => {
    const home = await registryHome();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    expect(await refusal(home, "--port", String(port))).toMatch(/^cmkit: Port \d+ of 127\.0\.0\.1 is in use\.\n/);
    expect(await refusal(home, "--ops-port", String(port))).toMatch(/^cmkit: Port \d+ of 127\.0\.0\.1 is in use\.\n/);
  });

  it("a configuration that is none, and one that is not there", async () => {
    const home = await registryHome();
    home.configure({ accessors: { ibm: {} } });
    expect(await refusal(home)).toContain("is not the configuration of a registry");
    rmSync(home.config);
    expect(await refusal(home)).toMatch(/^cmkit: There is no file .*cmkit\.json\.\nMake a registry with `cmkit init DIR`/);
  });

  it("an empty address, and what is no port", async () => {
    const home = await registryHome();
    expect(await home.cmkit(["serve", "--host", ""])).toMatchObject({ exitCode: 2 });
    expect(await home.cmkit(["serve", "--port", "65536"])).toMatchObject({ exitCode: 2 });
  });
});
