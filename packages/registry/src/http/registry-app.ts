import { randomUUID } from "node:crypto";

import type { Authenticator } from "../api-tokens.ts";
import type { Registry } from "../registry.ts";
import { errorAnswer, NoSuchPath } from "./error-answer.ts";
import { receivedTarget, requestPath } from "./request-path.ts";
import { requestEntry, type RequestEntry, type Visit } from "./request-entry.ts";
import { registryRouter } from "./registry-router.ts";

export interface RegistryAppOptions {
  /** Who says whose a token is. */
  readonly tokens: Authenticator;
  /** Is told of every answered request: for a log and metrics. What it throws is dropped. */
  readonly onRequest?: (entry: RequestEntry) => void;
  /** Milliseconds since whenever, that never go back. Default: this process's. */
  readonly now?: () => number;
}

/** An HTTP application of which nothing listens yet: for `app.mount`, `getRequestListener`, `Deno.serve` and the like. */
export interface RegistryApp {
  /**
   * Answers every request with JSON; never rejects.
   *
   * @param env What the server hands on beside the request. With `@hono/node-server` a path with `..` in it is then refused
   * as it was received.
   */
  readonly fetch: (request: Request, env?: unknown) => Promise<Response>;
}

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
const requestIdGrammar = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The registry over HTTP: Aiven's CMK API with tokens of our own, its OpenAPI document, and probes.
 *
 * TLS, limits against slow clients and listening are the server's.
 * @see docs/http-api.md
 */
export function registryApp(registry: Registry, options: RegistryAppOptions): RegistryApp {
  const { tokens, onRequest, now = () => performance.now() } = options;
  const routed = registryRouter(registry, tokens);
  return {
    fetch: async (request, env) => {
      const startedMs = now();
      const visit = newVisit(request);
      const answer = await answered(request, env, visit, routed);
      for (const [name, value] of Object.entries(always)) answer.headers.set(name, value);
      answer.headers.set("x-request-id", visit.requestId);
      tell(onRequest, requestEntry(visit, request.method, answer.status, now() - startedMs));
      return answer;
    },
  };
}

async function answered(
  request: Request,
  env: unknown,
  visit: Visit,
  routed: ReturnType<typeof registryRouter>,
): Promise<Response> {
  try {
    const received = receivedTarget(env);
    const path = requestPath(request.url);
    if (path === undefined || (received !== undefined && requestPath(received) === undefined)) throw new NoSuchPath();
    // Hono would answer HEAD as GET; no path of ours has it, and OPTIONS is refused in the same way.
    const asked = request.method === "HEAD" ? new Request(request.url, { method: "OPTIONS" }) : request;
    return await routed(asked, { path, visit });
  } catch (error) {
    return errorAnswer(error, visit);
  }
}

function newVisit({ headers }: Request): Visit {
  const given = headers.get("x-request-id") ?? "";
  const requestId = requestIdGrammar.test(given) ? given : randomUUID();
  const unknown = { route: undefined, actor: undefined, project: undefined, errorCode: undefined, reason: undefined };
  return { requestId, ...unknown, frames: undefined };
}

function tell(onRequest: RegistryAppOptions["onRequest"], entry: RequestEntry): void {
  try {
    onRequest?.(entry);
  } catch {
    // The answer stands, whatever becomes of the log.
  }
}
