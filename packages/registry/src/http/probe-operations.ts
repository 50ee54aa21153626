import { z } from "@hono/zod-openapi";

import type { OpenOperation } from "./operation.ts";

const alive = z.object({ status: z.enum(["ok"]) });

/** For load balancers and the like, without a token. @param document The OpenAPI document, made when it is first asked for. */
export function probeOperations(document: () => object): readonly OpenOperation[] {
  return [
    {
      method: "get",
      path: "/healthz",
      name: "getHealth",
      summary: "Says that the server runs.",
      answer: { status: 200, schema: alive, description: "It runs." },
      refusals: [],
      run: async () => ({ status: "ok" }),
    },
    {
      method: "get",
      path: "/readyz",
      name: "getReadiness",
      summary: "Says that the store answers.",
      answer: { status: 200, schema: alive, description: "It answers." },
      refusals: [500, 503],
      run: async (registry) => {
        await registry.ready();
        return { status: "ok" };
      },
    },
    {
      method: "get",
      path: "/openapi.json",
      name: "getOpenApi",
      summary: "Gives this document.",
      answer: { status: 200, schema: z.looseObject({ openapi: z.string() }), description: "OpenAPI 3.1." },
      refusals: [],
      run: async () => document(),
    },
  ];
}
