import { type FaultParts, playFaults } from "../fault-effects.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { failure, success } from "./answer.ts";
import { authenticate } from "./authentication.ts";
import type { KmsCall, Operation } from "./call.ts";
import { cryptoOperations } from "./crypto-operations.ts";
import { faultWords } from "./fault-words.ts";
import { messageOf, textOf } from "./input.ts";
import { keyOperations } from "./key-operations.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsMethod } from "./kms-proto.ts";
import type { Message } from "./message-shape.ts";
import { keyNameOf } from "./resource-name.ts";
import { ringOperations } from "./ring-operations.ts";
import { RpcRefusal } from "./rpc-error.ts";
import type { GcpSeedPrincipal } from "./seed.ts";
import { versionOperations } from "./version-operations.ts";

/** What the service works on. */
export interface KmsServiceParts extends FaultParts {
  readonly principals: readonly GcpSeedPrincipal[];
  readonly store: KeyStore;
}

/** A request, whichever way it came. */
export interface KmsRequest {
  readonly method: KmsMethod;
  readonly authorization: string | undefined;
  /** Gives the request's message in JSON, or throws the refusal of one that cannot be read. */
  readonly read: () => Message;
  /** Writes the answer's message in the dialect of the caller. */
  readonly write: (message: Message) => Message;
}

/** Cloud KMS, as a function of a request. Answers are those of the REST API; gRPC says the same in its own form. */
export type KmsService = (request: KmsRequest) => Promise<ServiceAnswer>;

const operations: Readonly<Record<KmsMethod, Operation>> = {
  ...ringOperations,
  ...keyOperations,
  ...versionOperations,
  ...cryptoOperations,
};

function refusalOf(error: unknown): RpcRefusal {
  return error instanceof RpcRefusal ? error : new RpcRefusal("INTERNAL", "The emulator failed.");
}

/** What a request is about: the resource itself, or where a new one goes. */
export function resourceOf(input: Message): string {
  const inside = { ...messageOf(input, "cryptoKey"), ...messageOf(input, "cryptoKeyVersion") };
  return textOf(input, "name") || textOf(input, "parent") || textOf(inside, "name");
}

async function attempt(call: KmsCall, write: KmsRequest["write"]): Promise<ServiceAnswer> {
  try {
    return success(write((await operations[call.method](call)) as Message));
  } catch (error) {
    return failure(refusalOf(error));
  }
}

/** Makes the service. */
export function kmsService(parts: KmsServiceParts): KmsService {
  async function answer(request: KmsRequest, note: (key: string) => void): Promise<ServiceAnswer> {
    const nowMs = parts.clock();
    const principal = authenticate(request.authorization, request.method, parts.principals, nowMs);
    const call: KmsCall = { method: request.method, input: request.read(), principal, store: parts.store, nowMs };
    const resource = resourceOf(call.input);
    const key = keyNameOf(resource);
    note(key);
    const target = { operation: call.method, key, principal: principal.email, context: {} };
    return playFaults(parts, target, {
      words: faultWords(call, resource),
      // A fault may have waited: the call happens at its own time.
      run: () => attempt({ ...call, nowMs: parts.clock() }, request.write),
    });
  }

  return async (request) => {
    const answered = parts.calls.arrived(request.method);
    let keyId: string | undefined;
    let given: ServiceAnswer;
    try {
      given = await answer(request, (key) => {
        keyId = key;
      });
    } catch (error) {
      given = failure(refusalOf(error));
    }
    answered({ keyId, status: given.status, errorName: given.errorName });
    return given;
  };
}
