// Spans and metrics from cmkit's events. Usage: node examples/opentelemetry.ts
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { randomBytes } from "node:crypto";
import { envelope, memoryDataKeyStore, multiCloudKms, type EventSink } from "@cmkit/core";
import { local } from "@cmkit/core/local";

/** Give this to `multiCloudKms({ onEvent })`. Tenants are left out of metrics: they would be too many labels. */
function openTelemetry(): EventSink {
  const tracer = trace.getTracer("cmkit");
  const meter = metrics.getMeter("cmkit");
  const calls = meter.createHistogram("cmkit.kms.duration", { unit: "ms" });
  const cache = meter.createCounter("cmkit.cache");
  const plainReads = meter.createCounter("cmkit.plain_reads");
  const keyChanges = meter.createCounter("cmkit.key_changes");
  return (event) => {
    if (event.type === "plain-read") return plainReads.add(1, { table: event.table, field: event.field });
    if (event.type === "key-changed") return keyChanges.add(1, { provider: event.provider, state: event.state });
    if (!("outcome" in event)) return cache.add(1, { event: event.type, ...(event.reason && { reason: event.reason }) });
    if (event.type === "refused") return; // the call that was refused has been reported with its outcome
    const { type, provider, resource, outcome, durationMs, attempts, requestId } = event;
    calls.record(durationMs, { operation: type, provider, outcome });
    const startTime = Date.now() - durationMs;
    const attributes = {
      "cmkit.resource": resource,
      "cmkit.attempts": attempts,
      ...(requestId && { "cmkit.request_id": requestId }),
    };
    const span = tracer.startSpan(`kms ${type}`, { startTime, attributes });
    if (outcome !== "ok") span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    span.end();
  };
}

// Your own set-up exports to a collector; this one prints what it got.
const spans = new InMemorySpanExporter();
const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: points });
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

const kms = multiCloudKms({ adapters: [local({ keys: { main: { aes256: randomBytes(32) } } })], onEvent: openTelemetry() });
const cmk = { provider: "local", resource: "local:main" };
const box = envelope({ kms, cmk: () => cmk, dataKeys: memoryDataKeyStore(), recordKey: randomBytes(32), service: "crm" });
const sealed = await box.seal(Buffer.from("hello"), { tenant: "acme" });
await box.open(sealed, { tenant: "acme" });

await reader.forceFlush();
const names = spans.getFinishedSpans().map(({ name }) => name);
console.log(`spans: ${names.join(", ")}`);
const recorded = points.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
console.log(`metrics: ${recorded.map(({ descriptor }) => descriptor.name).join(", ")}`);
await reader.shutdown();
