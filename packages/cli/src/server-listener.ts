import { getRequestListener, RequestError } from "@hono/node-server";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";

/** Answers a request. `env.incoming.url` is its target as it was sent, which a URL no longer shows. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** Where a server listens. */
export interface Place {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
}

/** A server that accepts requests. */
export interface Listener {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Accepts nothing more, lets what runs end, and cuts off what has not ended after `withinMs`. */
  close(withinMs: number): Promise<void>;
}

// For this long at most a client that sends slowly, or nothing, holds a connection.
const usualLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000, // 64 KiB at most
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000, // longer than load balancers keep theirs, or they send into a closed one
  maxHeaderSize: 16_384, // bytes, all headers together
};
const maxConnections = 10_000;
/** Longer than any request of ours takes; for readers that do not take their answer. */
const silentConnectionMs = 120_000;

/**
 * Serves HTTP with limits against slow clients. TLS is left to a proxy.
 *
 * @param changed Other limits, for tests.
 * @throws {CliError} `refused`: nothing can listen there.
 */
export async function listener(place: Place, fetch: Fetch, changed: Partial<typeof usualLimits> = {}): Promise<Listener> {
  const running = new Set<ServerResponse>();
  const connections = new Set<Socket>();
  const answer = getRequestListener(fetch, {
    overrideGlobalObjects: false, // the clouds' SDKs go on using Node's own
    hostname: "localhost", // for probes that speak HTTP/1.0 and so name no host
    errorHandler: (error) =>
      error instanceof RequestError
        ? answerOf(400, "invalid-request", "The request is not valid.")
        : answerOf(500, "unknown", "This went wrong on our side."),
  });
  const server = createServer({ ...usualLimits, ...changed }, (incoming, outgoing) => {
    running.add(outgoing);
    outgoing.once("close", () => running.delete(outgoing));
    if (!server.listening) outgoing.setHeader("connection", "close");
    // It answers by itself whatever goes wrong; what is left is an answer that cannot be written.
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.maxConnections = maxConnections;
  server.setTimeout(silentConnectionMs);
  await listening(server, place);
  server.on("error", () => {}); // a connection that could not be accepted, for which the others do not suffer
  return { url: urlOf(server), close: async (withinMs) => closed(server, { running, connections }, withinMs) };
}

/** In the shape of the application, which does not hear of these. */
function answerOf(status: number, code: string, message: string): Response {
  const body = { message, errors: [{ message, status, error_code: code }] };
  return Response.json(body, { status, headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

async function listening(server: Server, { host, port }: Place): Promise<void> {
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    const code = errorCode(error);
    if (code === "EADDRINUSE")
      throw new CliError("refused", `Port ${port} of ${host} is in use.`, "Give another one, or 0 for any free one.");
    if (code === "EACCES") throw new CliError("refused", `Port ${port} may not be used by you.`, "Give one above 1023.");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new CliError(
        "refused",
        `${host} is no address of this machine.`,
        "Give one with --host, or 0.0.0.0 for all of them.",
      );
    }
    throw new CliError("refused", `Nothing can listen on port ${port} of ${host} (${reasonOf(error)}).`);
  });
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo; // not a pipe: it was given a port
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

interface Open {
  readonly running: ReadonlySet<ServerResponse>;
  readonly connections: ReadonlySet<Socket>;
}

async function closed(server: Server, { running, connections }: Open, withinMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that is kept alive would stay open after its answer, and one on which nothing has come is not idle to Node.
  for (const outgoing of running) if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  const cutOff = setTimeout(() => server.closeAllConnections(), withinMs);
  await ended;
  clearTimeout(cutOff);
}
