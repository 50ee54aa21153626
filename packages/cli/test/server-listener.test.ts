import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";

import { type Fetch, type Listener, listener } from "../src/server-listener.ts";
import { raw, rawConnection } from "./raw-http.ts";

const anywhere = { host: "127.0.0.1", port: 0 };
const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

async function listening(fetch: Fetch, limits?: Parameters<typeof listener>[2]): Promise<Listener> {
  const found = await listener(anywhere, fetch, limits);
  onTestFinished(async () => found.close(0));
  return found;
}

const ok: Fetch = async () => new Response("ok");

describe("the listener of cmkit serve", () => {
  it("hands on the target as it was sent, beside the URL", async () => {
    const targets: unknown[] = [];
    const { url } = await listening(async (request, env) => {
      targets.push([new URL(request.url).pathname, (env as { incoming: { url: string } }).incoming.url]);
      return new Response("ok");
    });
    await raw(url, "GET /a/../b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(targets).toEqual([["/b", "/a/../b"]]);
  });

  it("leaves this process's own Request and Response as they are", async () => {
    const before = [globalThis.Request, globalThis.Response];
    await listening(ok);
    expect([globalThis.Request, globalThis.Response]).toEqual(before);
  });

  it("lets what runs be answered when it is closed, closes that connection, and takes no other", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const server = await listening(async () => {
      asked.resolve();
      return answer.promise;
    });
    const running = raw(server.url, get); // kept alive, if it were up to the client
    await asked.promise;
    const closed = server.close(60_000);
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
    answer.resolve(new Response("late"));
    await closed;
    expect(await running).toMatch(/^HTTP\/1.1 200 OK\r\nconnection: close\r\n[^]*late$/i);
  });

  it("closes connections on which nothing runs, used or not, at once", async () => {
    const server = await listening(ok);
    const unused = await rawConnection(server.url);
    const used = await rawConnection(server.url);
    used.socket.write(get);
    await once(used.socket, "data");
    await server.close(60_000);
    expect(await unused.answer).toBe("");
    expect(await used.answer).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it("cuts off what has not ended in time", async () => {
    const asked = Promise.withResolvers<void>();
    const server = await listening(async () => {
      asked.resolve();
      return new Promise(() => {});
    });
    const running = raw(server.url, get);
    await asked.promise;
    await server.close(20);
    expect(await running).toBe("");
  });

  it("answers 408 to a client that sends its headers, or its body, too slowly", async () => {
    let started = 0;
    const quick = { headersTimeout: 60, requestTimeout: 90, connectionsCheckingInterval: 30 };
    const { url } = await listening(async (request) => {
      started += 1;
      return new Response(await request.text());
    }, quick);
    expect(await raw(url, "GET / HTTP/1.1\r\nHost:")).toMatch(/^HTTP\/1.1 408 /);
    expect(started).toBe(0);
    expect(await raw(url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")).toMatch(/^(?:HTTP\/1.1 408 |$)/);
  });

  it("survives clients that go away before their answer, says nothing of it, and ends their requests", async () => {
    const said: unknown[] = [];
    for (const name of ["info", "error"] as const) {
      const real = console[name];
      console[name] = (...words) => void said.push(words);
      onTestFinished(() => void (console[name] = real));
    }
    for (const body of [() => "small", () => "x".repeat(4_000_000), slowly]) {
      const asked = Promise.withResolvers<AbortSignal>();
      const gone = Promise.withResolvers<void>();
      const server = await listening(async ({ signal }) => {
        asked.resolve(signal);
        await gone.promise;
        return new Response(body());
      });
      const { socket } = await rawConnection(server.url);
      socket.write(get);
      const signal = await asked.promise;
      const aborted = once(signal, "abort");
      socket.destroy();
      await aborted;
      gone.resolve();
      expect(await raw(server.url, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /);
    }
    expect(said).toEqual([]);
  });

  function slowly(): ReadableStream {
    return new ReadableStream({
      pull: (controller) => {
        controller.enqueue(Buffer.from("x"));
        controller.close();
      },
    });
  }

  it("answers 500 without a word of it where the application fails, and goes on", async () => {
    let left = 1;
    const { url } = await listening(async () => {
      left -= 1;
      if (left >= 0) throw new Error("PRIVATE");
      return new Response("ok");
    });
    const failed = await raw(url, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(failed).toMatch(/^HTTP\/1.1 500 [^]*"status":500,"error_code":"unknown"\}\]\}$/);
    expect(failed).not.toContain("PRIVATE");
    expect(await raw(url, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each([
    ["no HTTP", "\u0016\u0003\u0001\u0002\r\n\r\n", 400],
    ["headers beyond 16 KiB", `GET / HTTP/1.1\r\nHost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["a host that is none", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400],
    ["a target that is none", "GET a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ])("refuses %s", async (_name, sent, status) => {
    const { url } = await listening(ok);
    expect(await raw(url, sent)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it("refuses what the application never sees in the application's shape", async () => {
    const { url } = await listening(ok);
    const answer = await raw(url, "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
    const message = "The request is not valid.";
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({
      message,
      errors: [{ message, status: 400, error_code: "invalid-request" }],
    });
    expect(answer).toMatch(/^cache-control: no-store\r$/im);
  });

  it("says what a port in use and an address of another machine mean", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await expect(listener({ host: "127.0.0.1", port }, ok)).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use.`);
    await expect(listener({ host: "192.0.2.1", port: 0 }, ok)).rejects.toThrow("192.0.2.1 is no address of this machine.");
  });
});
