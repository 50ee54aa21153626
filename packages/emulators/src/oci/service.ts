import { type FaultParts, playFaults } from "../fault-effects.ts";
import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { failure, success, withRequestId } from "./answer.ts";
import { authenticate } from "./authentication.ts";
import type { OciCall, Operation } from "./call.ts";
import { cryptoOperations } from "./crypto-operations.ts";
import { associatedDataOf, parseInput } from "./input.ts";
import { faultWords } from "./fault-words.ts";
import { keyOperations } from "./key-operations.ts";
import type { KeyStore } from "./key-store.ts";
import { keyVersionOperations } from "./key-version-operations.ts";
import type { Principal } from "./principal.ts";
import type { Quirks } from "./quirks.ts";
import { type Route, routeOf } from "./route.ts";
import { refusals, ServiceRefusal } from "./service-refusal.ts";
import { vaultOperations } from "./vault-operations.ts";

/** What the service works on. */
export interface OciServiceParts extends FaultParts {
  readonly principals: ReadonlyMap<string, Principal>;
  readonly store: KeyStore;
  readonly quirks: Quirks;
}

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...vaultOperations, ...keyOperations, ...keyVersionOperations, ...cryptoOperations }),
);

function refusalOf(error: unknown): ServiceRefusal {
  return error instanceof ServiceRefusal ? error : refusals.internal();
}

// The key a call is about, for filters and the log, by the caller's own name for it.
function targetOf({ params, input }: OciCall): string | undefined {
  const keyId = params["keyId"] ?? input["keyId"];
  return typeof keyId === "string" ? keyId : undefined;
}

async function attempt(operation: Operation, call: OciCall): Promise<ServiceAnswer> {
  try {
    return success(await operation(call));
  } catch (error) {
    return failure(refusalOf(error));
  }
}

function callOf(request: LoopbackRequest, route: Route, principal: Principal, parts: OciServiceParts): OciCall {
  const { store, clock, quirks } = parts;
  return {
    ...route,
    principal,
    query: new URLSearchParams(request.query),
    ifMatch: request.headers["if-match"],
    input: parseInput(request.body),
    store,
    nowMs: clock(),
    // The server answers to its own loopback names only, so this is one of them.
    url: `http://${request.headers["host"] ?? ""}`,
    quirks,
  };
}

/** OCI Vault, as a function of a request. */
export function ociService(parts: OciServiceParts): (request: LoopbackRequest) => Promise<ServiceAnswer> {
  async function answer(
    request: LoopbackRequest,
    route: Route | undefined,
    note: (key: string | undefined) => void,
  ): Promise<ServiceAnswer> {
    const principal = authenticate(request, parts.principals, parts.clock());
    if (route === undefined) throw refusals.noRoute();
    const operation = operations.get(route.operation);
    if (operation === undefined) throw refusals.notImplemented(route.operation);
    const call = callOf(request, route, principal, parts);
    const key = targetOf(call);
    note(key);
    const context = associatedDataOf(call.input);
    const target = { operation: route.operation, key, principal: principal.user, context };
    return playFaults(parts, target, {
      words: faultWords(call, key === undefined ? undefined : parts.store.get(key)),
      // A fault may have waited: the call happens at its own time.
      run: () => attempt(operation, { ...call, nowMs: parts.clock() }),
    });
  }

  return async (request) => {
    const route = routeOf(request.method, request.path);
    const answered = parts.calls.arrived(route?.operation ?? "unknown");
    let keyId: string | undefined;
    let given: ServiceAnswer;
    try {
      given = await answer(request, route, (key) => {
        keyId = key;
      });
    } catch (error) {
      given = failure(refusalOf(error));
    }
    answered({ keyId, status: given.status, errorName: given.errorName });
    return withRequestId(given, request.headers["opc-request-id"]);
  };
}
