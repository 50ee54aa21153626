import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";

/** A request that has passed the checks, with its body read whole. Header names are in lower case. */
export interface LoopbackRequest {
  readonly method: string;
  readonly path: string;
  /** What follows the question mark, undecoded; empty without one. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer, and how much of it reaches the client: `cut` sends half and drops the connection, `reset` sends nothing. */
export interface LoopbackAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delivery?: "whole" | "cut" | "reset";
}

/** A listening server. */
export interface LoopbackServer {
  readonly port: number;
  readonly url: string;
  /** Stops listening and drops every open connection. */
  close(): Promise<void>;
}

/** How a loopback server is made. */
export interface LoopbackServerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Longer bodies are answered with 413. */
  readonly maxBodyBytes?: number;
  /** PEM: serves HTTPS instead of HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whether it also answers to a name that is not this machine's (a `Host` header, with a port if it has one). Default: none. */
  readonly answersTo?: (host: string) => boolean;
  readonly handle: (request: LoopbackRequest) => Promise<LoopbackAnswer>;
}

const textHeaders = { "content-type": "text/plain; charset=utf-8" };

// A page in a browser can reach loopback through a name of its own (DNS rebinding); its Host header gives it away.
function hostIsOurs(request: IncomingMessage, port: number, answersTo: (host: string) => boolean): boolean {
  const hosts = request.headersDistinct["host"] ?? [];
  const [host] = hosts;
  return (
    hosts.length === 1 &&
    host !== undefined &&
    (["127.0.0.1", "localhost", "[::1]"].some((name) => host === `${name}:${port}`) || answersTo(host))
  );
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early must not destroy the socket: the 413 still has to go out.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function deliver(response: ServerResponse, answer: LoopbackAnswer): void {
  if (answer.delivery === "reset") {
    // Node resets plain sockets only. A client sees the end of a TLS connection without an answer as a reset, too.
    if (response.socket instanceof TLSSocket) response.socket.destroy();
    else response.socket?.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body, "utf8");
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(body.byteLength) });
  if (answer.delivery === "cut") response.write(body.subarray(0, body.byteLength >> 1), () => response.socket?.destroy());
  else response.end(body);
}

/**
 * Serves HTTP or HTTPS on 127.0.0.1 only. A request whose `Host` is neither this server's own loopback address nor a name
 * that it answers to is answered with 421 and never reaches the handler.
 */
export async function loopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const maxBodyBytes = options.maxBodyBytes ?? 131_072;
  const { tls, answersTo = () => false } = options;
  let port = options.port ?? 0;

  async function answerTo(request: IncomingMessage): Promise<LoopbackAnswer> {
    if (!hostIsOurs(request, port, answersTo))
      return { status: 421, headers: textHeaders, body: "This server answers to its loopback address only.\n" };
    const target = request.url ?? "";
    if (!target.startsWith("/")) return { status: 400, headers: textHeaders, body: "Expected a path.\n" };
    const body = await readBody(request, maxBodyBytes);
    if (body === undefined)
      return { status: 413, headers: { ...textHeaders, connection: "close" }, body: "The body is too large.\n" };
    const [path = "/", ...query] = target.split("?");
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(",")]),
    );
    return options.handle({ method: request.method ?? "", path, query: query.join("?"), headers, body });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      deliver(response, await answerTo(request));
    } catch {
      // A request that ended early leaves nobody to answer; anything else is a defect here, told without its details.
      if (!response.headersSent && !response.destroyed)
        deliver(response, { status: 500, headers: textHeaders, body: "The emulator failed.\n" });
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => void serve(request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // Else an idle connection is closed after seconds, and a client that takes it up again just then sees a reset that nobody asked for.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
  port = (server.address() as AddressInfo).port;

  return {
    port,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
