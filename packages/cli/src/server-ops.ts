import type { Registry } from "@cmkit/registry";

import type { Metrics } from "./metrics.ts";
import type { Fetch } from "./server-listener.ts";

/** What the second port answers: nothing on it needs a token, and nothing names a tenant. */
export function opsFetch(metrics: Metrics, registry: Pick<Registry, "ready">): Fetch {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "only GET\n");
    if (pathname === "/metrics") return plain(200, await metrics.text(), metrics.contentType);
    if (pathname === "/healthz") return plain(200, "ok\n");
    if (pathname === "/readyz") return ready(registry);
    return plain(404, "there is /metrics, /healthz and /readyz\n");
  };
}

async function ready(registry: Pick<Registry, "ready">): Promise<Response> {
  return registry.ready().then(
    () => plain(200, "ok\n"),
    () => plain(503, "the store does not answer\n"),
  );
}

function plain(status: number, text: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(text, { status, headers: { "content-type": type } });
}
