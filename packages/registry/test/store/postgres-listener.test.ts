import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";

import { PostgresListener } from "../../src/sql/postgres-listener.ts";
import { stopTimers } from "./test-timers.ts";

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const authenticationOk = Buffer.from("R\0\0\0\x08\0\0\0\0", "latin1");
const readyForQuery = Buffer.from("Z\0\0\0\x05I", "latin1");
const commandComplete = Buffer.from("C\0\0\0\x05\0", "latin1");

/** Speaks as much PostgreSQL as a listener needs, and becomes silent when a test wants. */
async function postgresThatFallsSilent() {
  const sockets: Socket[] = [];
  const asked: string[] = [];
  const silent = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Buffer.concat([authenticationOk, readyForQuery]));
      socket.on("data", (message) => {
        if (message[0] !== "Q".charCodeAt(0)) return;
        asked.push(message.toString("utf8", 5, message.length - 1));
        if (!silent.has(socket)) socket.write(Buffer.concat([commandComplete, readyForQuery]));
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, sockets, asked, silence: (): void => sockets.forEach((socket) => silent.add(socket)) };
}

/** What arrives over sockets arrives although no timer runs. */
async function arrives(isSo: () => boolean): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!isSo() && performance.now() < untilMs) await new Promise((next) => setImmediate(next));
  expect(isSo()).toBe(true);
}

it("notices by a question every ten seconds that its connection has silently gone, and makes another", async () => {
  const { port, sockets, asked, silence } = await postgresThatFallsSilent();
  const pass = stopTimers();
  const heard: unknown[] = [];
  const login = { host: "127.0.0.1", port, user: "u", password: "p", database: "d", ssl: false };
  const listener = new PostgresListener(
    async () => login,
    (told) => void heard.push(told),
  );
  await arrives(() => heard.length === 1);
  await pass(10_000);
  await arrives(() => asked.length === 2);
  expect({ asked, connections: sockets.length }).toEqual({ asked: ["listen cmkit_purge", "select 1"], connections: 1 });
  silence();
  await pass(10_000);
  await arrives(() => asked.length === 3);
  expect(heard).toEqual([undefined]); // not known yet
  await pass(5000);
  await arrives(() => sockets[0]?.closed ?? false);
  await pass(100);
  await arrives(() => heard.length === 2); // connected: something may have been missed
  expect({ connections: sockets.length, heard }).toEqual({ connections: 2, heard: [undefined, undefined] });
  const ended = listener.end();
  await arrives(() => sockets[1]?.closed ?? false);
  await ended;
});
