import assert from "node:assert/strict";
import type { RequestEntry } from "@cmkit/registry/http";
import type { Peer } from "./peer.ts";
import { installPython } from "./python-environment.ts";
import { fuzz, fuzzingLimitMs, type Fuzzing } from "./schemathesis-run.ts";

interface Trial extends Fuzzing {
  /** Looks whether it got as far as it should: a fuzzer that is turned away at the door finds nothing. */
  readonly reached: (answered: readonly RequestEntry[]) => void;
}

const cmks = "/v1/project/{project}/secrets/cmks";
/** What an operator's requests must have come to, at least. */
const depths: readonly (readonly [request: string, statuses: readonly number[]])[] = [
  [`GET ${cmks}`, [200, 400, 401]],
  [`POST ${cmks}`, [201, 400, 401, 409]],
  [`GET ${cmks}/accessors`, [200, 401]],
  [`GET ${cmks}/{id}`, [200, 401, 404]],
  [`POST ${cmks}/{id}`, [200, 400, 401, 404]],
  [`DELETE ${cmks}/{id}`, [200, 400, 401, 404, 409]],
  [`GET ${cmks}/{id}/service_associations`, [200, 401, 404]],
  [`POST ${cmks}/{id}/access_check`, [200, 400, 401, 404]],
  [`GET ${cmks}/{id}/grants`, [200, 401, 404]],
];

const trials: Readonly<Record<string, Trial>> = {
  "finds nothing with an operator's token, in every operation as far as it goes": {
    as: "everything",
    maxExamples: 12,
    phases: ["coverage", "fuzzing", "stateful"],
    reached(answered) {
      for (const [request, statuses] of depths) {
        const seen = new Set(
          answered.filter((entry) => `${entry.method} ${entry.route}` === request).map(({ status }) => status),
        );
        assert.deepEqual(
          statuses.filter((status) => !seen.has(status)),
          [],
          `${request} was never answered so`,
        );
      }
    },
  },
  "finds nothing with a viewer's token, and changes nothing": {
    as: "viewer",
    maxExamples: 4,
    phases: ["fuzzing"],
    reached(answered) {
      assert.ok(answered.some(({ method, route, status }) => method === "GET" && route === `${cmks}/{id}` && status === 200));
      assert.ok(answered.some(({ status }) => status === 403));
      assert.deepEqual(
        answered.filter(({ method, status }) => method !== "GET" && status < 400),
        [],
      );
    },
  },
  "finds nothing without a token, and is told nothing": {
    as: "nobody",
    maxExamples: 1,
    phases: ["coverage"],
    reached(answered) {
      assert.ok(answered.filter(({ status }) => status === 401).length > 100);
      assert.deepEqual(
        answered.filter(({ route, status }) => status < 400 && route.startsWith("/v1/")),
        [],
      );
    },
  },
};

/** A fuzzer that works from the server's own OpenAPI document. */
export const schemathesis: Peer = {
  name: "schemathesis",
  from: "schemathesis 4.32.5 from PyPI, on our registry's HTTP API",
  caseCount: Object.keys(trials).length,
  deviations: {},
  install: installPython,
  start: async () => ({
    cases: Object.entries(trials).map(([name, { reached, ...fuzzing }]) => ({
      name,
      limitMs: fuzzingLimitMs + 60_000,
      async run() {
        const { found, answered } = await fuzz(fuzzing);
        if (found !== undefined) throw new Error(found);
        assert.deepEqual(
          answered.filter(({ status }) => status >= 500),
          [],
        );
        reached(answered);
      },
    })),
    stop: async () => undefined,
  }),
};
