import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { boundedCache, checkedEndpoint, directFetch } from "../src/adapter/index.ts";

const run = promisify(execFile);

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an endpoint", () => {
  test.each([
    "https://kms.example",
    "https://kms.example:8443/base",
    "http://127.0.0.1:1",
    "http://localhost/",
    "http://[::1]:80",
  ])("may be %s", (endpoint) => {
    expect(checkedEndpoint(endpoint).href).toBe(new URL(endpoint).href);
  });

  test.each([
    "kms.example",
    "ftp://kms.example",
    "http://kms.example",
    "http://127.0.0.1.evil.example",
    "http://127.1@evil.example",
    "https://user@kms.example",
    "https://kms.example?x",
    "https://kms.example#x",
    "https://kms.example\\@evil.example",
    "https://kms.example/ x",
    "https://",
    "",
  ])("may not be %j", (endpoint) => {
    expect(() => checkedEndpoint(endpoint)).toThrow(TypeError);
  });

  test("has a path, or is plain http on this machine, only where that is allowed", () => {
    const strict = { path: false, loopbackHttp: false };
    expect(checkedEndpoint("https://kms.example/", strict).host).toBe("kms.example");
    expect(() => checkedEndpoint("https://kms.example/base", strict)).toThrow(/path/);
    expect(() => checkedEndpoint("http://127.0.0.1:1", strict)).toThrow(TypeError);
  });
});

describe("a direct fetch", () => {
  test("sends method, headers and body, and gives status, headers and body", async () => {
    const url = await served((request, response) => {
      const { method, headers } = request;
      response.writeHead(418, { "x-seen": `${method} ${String(headers["x-sent"])}`, "retry-after": "7" });
      request.pipe(response);
    });
    const request = { method: "POST", headers: new Headers({ "x-sent": "yes" }), body: "bytes" };
    const answer = await directFetch(url, request);
    expect(answer.status).toBe(418);
    expect(answer.headers.get("x-seen")).toBe("POST yes");
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(await answer.text()).toBe("bytes");
  });

  test("follows no redirect, and gives answers that have no body", async () => {
    const asked: (string | undefined)[] = [];
    const url = await served((request, response) => {
      asked.push(request.url);
      response.writeHead(request.url === "/empty" ? 204 : 307, { location: "/elsewhere" }).end();
    });
    expect((await directFetch(url, {})).status).toBe(307);
    expect((await directFetch(`${url}/empty`, {})).body).toBeNull();
    expect(asked).toEqual(["/", "/empty"]);
  });

  test("ends with its signal, before the answer and in the middle of it", async () => {
    const begun = Promise.withResolvers<void>();
    const url = await served((request, response) => {
      if (request.url === "/half") response.write("half");
      begun.resolve();
    });
    const waiting = new AbortController();
    const silent = directFetch(url, { signal: waiting.signal });
    await begun.promise;
    waiting.abort();
    await expect(silent).rejects.toMatchObject({ name: "AbortError" });
    const reading = new AbortController();
    const { body } = await directFetch(`${url}/half`, { signal: reading.signal });
    reading.abort();
    await expect(new Response(body).text()).rejects.toBeInstanceOf(Error);
  });

  test("shows plain http on this machine to no proxy", async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await served((request, response) => {
      seen.push(request.url);
      response.end("from the proxy");
    });
    const url = await served((_request, response) => void response.end("from the service"));
    const program = `
      import { directFetch } from ${JSON.stringify(new URL("../src/adapter/index.ts", import.meta.url).href)};
      process.stdout.write(await (await directFetch(process.argv[1], {})).text());
      process.exit(0);
    `;
    const env = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: proxy, http_proxy: proxy };
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program, url], { env });
    expect(stdout).toBe("from the service");
    expect(seen).toEqual([]);
  });
});

describe("a bounded cache", () => {
  test("forgets what was used longest ago", () => {
    let made = 0;
    const cache = boundedCache<number>(2);
    const get = (name: string): number =>
      cache.get(name, () => {
        made += 1;
        return made;
      });
    expect(["a", "b", "a", "c", "a", "b"].map(get)).toEqual([1, 2, 1, 3, 1, 4]);
    cache.delete("b");
    expect(get("b")).toBe(5);
    cache.clear();
    expect(get("a")).toBe(6);
  });
});
