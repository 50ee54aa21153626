import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";

import { CutProxy } from "./cut-proxy.ts";

/** A server that answers with what it is sent, a proxy before it, and a connection through both. */
async function connected(): Promise<{ proxy: CutProxy; client: Socket; server: Socket }> {
  const listener = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const proxy = await CutProxy.start(() => port);
  const accepted = once(listener, "connection");
  const client = connect(proxy.port, "127.0.0.1").on("error", () => {});
  onTestFinished(async () => {
    client.destroy();
    await proxy.close();
    listener.close();
  });
  const [server] = (await accepted) as [Socket];
  return { proxy, client, server };
}

async function echo(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [bytes] = (await once(client, "data")) as [Buffer];
  return bytes.toString();
}

/** Not `once`, which rejects for the error before it. */
async function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
  });
}

it("passes on what both sides say", async () => {
  const { client } = await connected();
  expect(await echo(client, "hello")).toBe("hello");
});

it("resets both sides of every connection", async () => {
  const { proxy, client, server } = await connected();
  await echo(client, "hello");
  const ends = Promise.all([closed(client), closed(server)]);
  proxy.cut();
  await ends;
});

it("holds back what is said during a pause until it is over", async () => {
  const { proxy, client } = await connected();
  await echo(client, "hello");
  proxy.pause();
  const heard: string[] = [];
  client.on("data", (bytes) => heard.push(bytes.toString()));
  client.write("meanwhile");
  const other = connect(proxy.port, "127.0.0.1");
  await once(other, "connect"); // new ones are taken, and nothing passes either
  other.destroy();
  expect(heard).toEqual([]);
  proxy.resume();
  await once(client, "data");
  expect(heard).toEqual(["meanwhile"]);
});

it("in silence lets the server believe that a client lives, and tells it afterwards", async () => {
  const { proxy, client, server } = await connected();
  await echo(client, "hello");
  proxy.silence();
  client.resetAndDestroy();
  await new Promise((resolve) => setImmediate(resolve));
  while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(server.destroyed).toBe(false);
  const ended = closed(server);
  proxy.tell();
  await ended;
});
