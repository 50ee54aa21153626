import type { Agent, IncomingMessage } from "node:http";

/** One request. */
export interface DirectRequest {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array | null;
  readonly signal?: AbortSignal;
}

let direct: Agent | undefined;
// How long fetch keeps an idle connection.
const idleMs = 4000;

/**
 * `fetch` for requests that carry credentials or keys: it follows no redirect, whose status is the answer's, and sends what
 * has no TLS, which only this machine may see, through no proxy.
 */
export async function directFetch(url: string, request: DirectRequest): Promise<Response> {
  if (url.startsWith("http:")) return loopbackFetch(url, request);
  const { method = "GET", headers, body, signal } = request;
  return fetch(url, {
    method,
    redirect: "manual",
    ...(headers && { headers }),
    ...(body !== undefined && body !== null && { body: typeof body === "string" ? body : new Uint8Array(body) }),
    ...(signal && { signal }),
  });
}

/** Where Node is told to use proxies, `fetch` would send it to the one that HTTP_PROXY names; an agent of our own knows none. */
async function loopbackFetch(url: string, { method = "GET", headers, body, signal }: DirectRequest): Promise<Response> {
  const { Agent, request } = await import("node:http");
  const { Readable } = await import("node:stream");
  direct ??= new Agent({ keepAlive: true, timeout: idleMs });
  const options = { agent: direct, method, headers: Object.fromEntries(headers ?? []), ...(signal && { signal }) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(new URL(url), options)
      .on("response", resolve)
      .on("error", reject)
      .end(body ?? undefined);
  });
  const status = answer.statusCode ?? 0;
  const given = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  // Fetch §2.2.3: with these a Response has no body.
  if (![204, 205, 304].includes(status)) return new Response(Readable.toWeb(answer), { status, headers: given });
  answer.resume();
  return new Response(null, { status, headers: given });
}
