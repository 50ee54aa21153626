import type { KmsEvent } from "@cmkit/core";
import { registryApp, type RequestEntry } from "@cmkit/registry/http";

import type { Log } from "./log-lines.ts";
import { type Metrics, serverMetrics } from "./metrics.ts";
import { auditHeads } from "./server-audit-heads.ts";
import { type Listener, listener, type Place } from "./server-listener.ts";
import { opsFetch } from "./server-ops.ts";
import type { OpenRegistry } from "./server-registry.ts";

/** A running server. */
export interface Server {
  readonly url: string;
  /** Of the metrics, where they were asked for. */
  readonly opsUrl: string | undefined;
  /** Accepts nothing more, lets what runs be answered for ten seconds, and ends. The registry stays open. */
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly place: Place;
  readonly ops?: Place | undefined;
  readonly log: Log;
}

const answerWithinMs = 10_000;

/** Serves a registry's HTTP API. @throws {CliError} `refused`: nothing can listen there. */
export async function startServer(opened: OpenRegistry, { place, ops, log }: ServerOptions): Promise<Server> {
  const { registry, tokens, kms } = opened;
  const metrics = serverMetrics();
  const app = registryApp(registry, { tokens, onRequest: (entry) => note(entry, metrics, log) });
  const main = await listener(place, async (request, env) => app.fetch(request, env));
  const second = await opsListener(ops, metrics, opened).catch(async (error: unknown) => {
    await main.close(0);
    throw error;
  });
  const unsubscribe = kms.events.subscribe((event) => {
    metrics.observe(event);
    noteChange(event, log);
  });
  const heads = auditHeads(registry.audit, kms.clock, log);
  return {
    url: main.url,
    opsUrl: second?.url,
    async close() {
      // Metrics and health are there until the last answer.
      await main.close(answerWithinMs);
      await second?.close(0);
      await heads.end();
      unsubscribe();
    },
  };
}

async function opsListener(ops: Place | undefined, metrics: Metrics, { registry }: OpenRegistry): Promise<Listener | undefined> {
  return ops && listener(ops, opsFetch(metrics, registry));
}

const probes: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** Probes that are well say nothing: they come every few seconds. */
function note(entry: RequestEntry, metrics: Metrics, log: Log): void {
  metrics.answered(entry);
  if (probes.has(entry.route) && entry.status === 200) return;
  const shown = { ...entry, durationMs: Math.round(entry.durationMs * 1000) / 1000 };
  if (entry.status >= 500) log.error(shown, "request failed");
  else log.info(shown, "request");
}

function noteChange(event: KmsEvent, log: Log): void {
  if (event.type !== "key-changed") return;
  const { tenant: project, provider, resource, state, keyVersion } = event;
  log.warn({ project, provider, resource, state, keyVersion }, "key changed");
}
