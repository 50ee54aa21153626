import type { Agent, IncomingMessage } from "node:http";
import type { RestRequest } from "./rest-fetch.ts";

let direct: Agent | undefined;
// How long fetch keeps an idle connection.
const idleMs = 4000;

/**
 * A request without TLS, which only this machine may see. Where Node is told to use proxies, `fetch` would send it to the one
 * that HTTP_PROXY names, token and plaintext and all; an agent of our own knows none. It follows no redirect.
 */
export async function loopbackFetch(url: string, { method = "GET", headers, body, signal }: RestRequest): Promise<Response> {
  const { Agent, request } = await import("node:http");
  const { Readable } = await import("node:stream");
  direct ??= new Agent({ keepAlive: true, timeout: idleMs });
  const options = { agent: direct, method, headers: Object.fromEntries(headers ?? []), ...(signal && { signal }) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(new URL(url), options).on("response", resolve).on("error", reject).end(body);
  });
  const status = answer.statusCode ?? 0;
  const { "retry-after": retryAfter } = answer.headers;
  const init = { status, ...(retryAfter === undefined ? {} : { headers: { "retry-after": retryAfter } }) };
  // Fetch §2.2.3: with these a Response has no body.
  if (![204, 205, 304].includes(status)) return new Response(Readable.toWeb(answer), init);
  answer.resume();
  return new Response(null, init);
}
