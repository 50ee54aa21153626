import { createHash, timingSafeEqual } from "node:crypto";

import type { CallLog } from "./call-log.ts";
import type { FaultScript } from "./fault-script.ts";
import { parseFault } from "./faults.ts";
import { objectAt } from "./json-shape.ts";
import type { LoopbackAnswer, LoopbackRequest } from "./loopback-server.ts";

/** Every control path starts so; no cloud's API does. */
export const controlPrefix = "/_cmkit/";

/** What a control action does with the fields of its request besides `action`; the result is sent back as JSON. */
export type ControlAction = (fields: Readonly<Record<string, unknown>>) => unknown;

/** What the control endpoints reach. */
export interface ControlTargets {
  readonly token: string;
  readonly actions: ReadonlyMap<string, ControlAction>;
  readonly faults: FaultScript;
  readonly calls: CallLog;
}

function json(status: number, value: unknown): LoopbackAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value ?? null) };
}

function digest(value: string): Uint8Array {
  return createHash("sha256").update(value).digest();
}

function parseBody(request: LoopbackRequest): unknown {
  try {
    return JSON.parse(Buffer.from(request.body).toString("utf8"));
  } catch {
    throw new TypeError("body: expected JSON, got something else");
  }
}

async function act(request: LoopbackRequest, targets: ControlTargets): Promise<unknown> {
  const { action, ...fields } = objectAt(parseBody(request), "body");
  const run = typeof action === "string" ? targets.actions.get(action) : undefined;
  if (run === undefined)
    throw new TypeError(`body.action: expected one of ${[...targets.actions.keys()].join(", ")}, got another value`);
  return run(fields);
}

type Route = (request: LoopbackRequest, targets: ControlTargets) => unknown;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["POST /_cmkit/control", act],
  ["POST /_cmkit/faults", (request, { faults }) => void faults.add(parseFault(parseBody(request)))],
  ["GET /_cmkit/faults", (_request, { faults }) => faults.list()],
  ["DELETE /_cmkit/faults", (_request, { faults }) => faults.clear()],
  [
    "GET /_cmkit/calls",
    (_request, { calls }) => ({ calls: calls.list(), counts: calls.counts(), seconds: calls.arrivals.list() }),
  ],
  ["DELETE /_cmkit/calls", (_request, { calls }) => calls.reset()],
]);

/** Answers a request to a control path; without the token, with 401 and before anything else. */
export async function answerControl(request: LoopbackRequest, targets: ControlTargets): Promise<LoopbackAnswer> {
  const given = request.headers["x-cmkit-control-token"] ?? "";
  if (!timingSafeEqual(digest(given), digest(targets.token))) {
    return json(401, { error: "expected the control token in x-cmkit-control-token" });
  }
  const route = routes.get(`${request.method} ${request.path}`);
  if (route === undefined) return json(404, { error: "there is no such control" });
  try {
    return json(200, await route(request, targets));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return json(400, { error: error.message });
  }
}
