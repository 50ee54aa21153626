import { type FaultParts, playFaults } from "../fault-effects.ts";
import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { type Answers, answersTo } from "./answers.ts";
import { authenticate, bearerToken, type TokenRules } from "./authentication.ts";
import { deniedBy, denialMatches, isGranted, type OperationName } from "./authorization.ts";
import type { Operation, VaultCall } from "./call.ts";
import { cryptoOperations } from "./crypto-operations.ts";
import { deletionOperations } from "./deletion-operations.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { faultWords } from "./fault-words.ts";
import { keyOperations } from "./key-operations.ts";
import type { KeyStore } from "./key-store.ts";
import { listOperations } from "./list-operations.ts";
import { type Route, routeOf } from "./route.ts";
import type { Vault } from "./vault.ts";
import { keyIdOf, type VaultKey } from "./vault-key.ts";

/** What the service works on. */
export interface VaultServiceParts extends FaultParts {
  readonly rules: TokenRules;
  readonly store: KeyStore;
}

const operations: Readonly<Record<OperationName, Operation>> = {
  ...keyOperations,
  ...cryptoOperations,
  ...listOperations,
  ...deletionOperations,
};

const namePattern = /^[A-Za-z0-9-]{1,127}$/;

function parseInput(body: Uint8Array): Readonly<Record<string, unknown>> {
  if (body.byteLength === 0) return {};
  try {
    const input: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Readonly<Record<string, unknown>>;
  } catch {
    // Falls through to the same refusal: both are bodies that the protocol cannot read.
  }
  throw refusals.parameter();
}

function refusalOf(error: unknown): ServiceRefusal {
  return error instanceof ServiceRefusal ? error : new ServiceRefusal(500, "InternalServerError", "The emulator failed.");
}

/** Refuses what the caller may not do; whether the key exists makes no difference to whom is granted nothing. */
function authorise(call: VaultCall, key: VaultKey | undefined): void {
  const request = { ...call, key: call.name };
  if (!isGranted(request) || key?.denials.some((denial) => denialMatches(denial, request)) === true) throw deniedBy(request);
}

/** Key Vault and Managed HSM, as a function of a request. */
export function vaultService(parts: VaultServiceParts): (request: LoopbackRequest) => Promise<ServiceAnswer> {
  const { rules, store } = parts;
  const { tenantId } = rules;

  // A client that connects to the emulator's own address reaches the first vault.
  function vaultOf(host: string): Vault {
    const vault = store.vaultAt(host) ?? store.vaults[0];
    if (vault === undefined) throw new TypeError("expected at least one vault, got none");
    return vault;
  }

  function keyOf(vault: Vault, route: Route | undefined): string | undefined {
    return route === undefined || route.name === ""
      ? undefined
      : (store.get(keyIdOf(vault, route.name))?.id ?? keyIdOf(vault, route.name));
  }

  function callOf(request: LoopbackRequest, route: Route | undefined, vault: Vault, token: string): VaultCall {
    const nowMs = parts.clock();
    const principal = authenticate(token, vault, rules, nowMs);
    const query = new URLSearchParams(request.query);
    if (route === undefined) throw new ServiceRefusal(404, "NotFound", "There is no such operation.");
    if (!query.has("api-version")) throw refusals.parameter("api-version must be specified");
    if (route.name !== "" && !namePattern.test(route.name)) throw refusals.parameter();
    const host = request.headers["host"] ?? "";
    return { ...route, principal, tenantId, vault, host, query, input: parseInput(request.body), store, nowMs };
  }

  async function attempt(answers: Answers, call: VaultCall): Promise<ServiceAnswer> {
    try {
      authorise(call, store.get(keyIdOf(call.vault, call.name)));
      return answers.members(await operations[call.operation](call));
    } catch (error) {
      return answers.refused(refusalOf(error));
    }
  }

  async function answer(answers: Answers, call: VaultCall): Promise<ServiceAnswer> {
    const key = keyOf(call.vault, call);
    const target = { operation: call.operation, key, principal: call.principal.objectId, context: {} };
    return playFaults(parts, target, {
      words: faultWords(answers, call, key === undefined ? undefined : store.get(key)),
      // A fault may have waited: the call happens at its own time.
      run: () => attempt(answers, { ...call, nowMs: parts.clock() }),
    });
  }

  return async (request) => {
    const vault = vaultOf(request.headers["host"] ?? "");
    const answers = answersTo(request, vault, tenantId, parts.clock());
    const token = bearerToken(request.headers["authorization"]);
    // Part of every client's start, so no call: it is neither counted nor met by faults.
    if (token === undefined) return answers.challenge();
    const route = routeOf(request.method, request.path);
    const answered = parts.calls.arrived(route?.operation ?? "unknown");
    let given: ServiceAnswer;
    try {
      given = await answer(answers, callOf(request, route, vault, token));
    } catch (error) {
      given = answers.refused(refusalOf(error));
    }
    answered({ keyId: keyOf(vault, route), status: given.status, errorName: given.errorName });
    return given;
  };
}
