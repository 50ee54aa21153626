import type { KmsEvent } from "@cmkit/core";
import type { RequestEntry } from "@cmkit/registry/http";
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

/** What Prometheus collects of a server: no label names a tenant, a key or a token. */
export interface Metrics {
  readonly contentType: string;
  answered(request: Pick<RequestEntry, "method" | "route" | "status" | "durationMs">): void;
  /** For `kms.events.subscribe`. */
  readonly observe: (event: KmsEvent) => void;
  text(): Promise<string>;
}

// From a lookup in memory to the five seconds that an access check may take.
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function serverMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const request = ["method", "route", "status"] as const;
  const call = ["provider", "operation", "outcome"] as const;
  const requests = new Counter({ name: "cmkit_http_requests_total", help: "Answered requests.", labelNames: request, registers });
  const requestSeconds = new Histogram({
    name: "cmkit_http_request_duration_seconds",
    help: "How long requests took.",
    labelNames: request,
    buckets,
    registers,
  });
  const calls = new Counter({ name: "cmkit_kms_calls_total", help: "Calls to a KMS.", labelNames: call, registers });
  const callSeconds = new Histogram({
    name: "cmkit_kms_call_duration_seconds",
    help: "How long calls to a KMS took, with retries.",
    labelNames: call,
    buckets,
    registers,
  });
  return {
    contentType: registry.contentType,
    answered: ({ method, route, status, durationMs }) => {
      const labels = { method, route, status: String(status) };
      requests.inc(labels);
      requestSeconds.observe(labels, durationMs / 1000);
    },
    observe: (event) => {
      // `refused` repeats a call that was counted.
      if (!("outcome" in event) || event.type === "refused") return;
      const labels = { provider: event.provider, operation: event.type, outcome: event.outcome };
      calls.inc(labels);
      callSeconds.observe(labels, event.durationMs / 1000);
    },
    text: async () => registry.metrics(),
  };
}
