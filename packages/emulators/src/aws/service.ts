import { type FaultParts, playFaults } from "../fault-effects.ts";
import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { aliasOperations } from "./alias-operations.ts";
import { failure, success } from "./answer.ts";
import { authenticate } from "./authentication.ts";
import { type KmsCall, type Operation, resolveKey } from "./call.ts";
import { parseBlob } from "./ciphertext-blob.ts";
import { cryptoOperations } from "./crypto-operations.ts";
import { ServiceRefusal } from "./errors.ts";
import { faultWords } from "./fault-words.ts";
import { contextOf } from "./input.ts";
import { keyArn } from "./key-arn.ts";
import { keyOperations } from "./key-operations.ts";
import type { KeyStore } from "./key-store.ts";
import { rotationOperations } from "./rotation-operations.ts";
import type { AwsSeedPrincipal } from "./seed.ts";

/** What the service works on. */
export interface KmsServiceParts extends FaultParts {
  readonly principals: ReadonlyMap<string, AwsSeedPrincipal>;
  readonly store: KeyStore;
}

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...keyOperations, ...cryptoOperations, ...rotationOperations, ...aliasOperations }),
);

const targetPrefix = "TrentService.";

function parseInput(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Readonly<Record<string, unknown>>;
  } catch {
    // Falls through to the same refusal: both are bodies that the protocol cannot read.
  }
  throw new ServiceRefusal("SerializationException", "The request body is not a JSON object");
}

function refusalOf(error: unknown): ServiceRefusal {
  return error instanceof ServiceRefusal ? error : new ServiceRefusal("KMSInternalException", "The emulator failed.", 500);
}

// The key a call is about, for filters and the log; what cannot be found keeps the name the caller used.
function targetOf(call: KmsCall): string | undefined {
  const { input } = call;
  const reference = input["KeyId"] ?? input["DestinationKeyId"] ?? input["TargetKeyId"];
  if (typeof reference === "string") {
    try {
      return resolveKey(call, reference);
    } catch {
      return reference;
    }
  }
  const ciphertext = input["CiphertextBlob"];
  const blob = typeof ciphertext === "string" ? parseBlob(Buffer.from(ciphertext, "base64")) : undefined;
  return blob === undefined ? undefined : keyArn(call.region, blob.account, blob.keyId);
}

async function attempt(operation: Operation, call: KmsCall): Promise<ServiceAnswer> {
  try {
    return success(await operation(call));
  } catch (error) {
    return failure(refusalOf(error));
  }
}

/** AWS KMS, as a function of a request. */
export function kmsService(parts: KmsServiceParts): (request: LoopbackRequest) => Promise<ServiceAnswer> {
  async function answer(request: LoopbackRequest, name: string, note: (key: string | undefined) => void): Promise<ServiceAnswer> {
    const operation = operations.get(name);
    if (request.method !== "POST" || request.path !== "/" || request.query !== "" || operation === undefined) {
      throw new ServiceRefusal("UnknownOperationException", "");
    }
    const nowMs = parts.clock();
    const caller = authenticate(request, parts.principals, nowMs);
    const call: KmsCall = { ...caller, operation: name, input: parseInput(request.body), store: parts.store, nowMs };
    const key = targetOf(call);
    note(key);
    const context = contextOf(call.input, "EncryptionContext");
    const target = { operation: name, key, principal: caller.principal.arn, context };
    return playFaults(parts, target, {
      words: faultWords(call, key === undefined ? undefined : parts.store.get(key)),
      // A fault may have waited: the call happens at its own time.
      run: () => attempt(operation, { ...call, nowMs: parts.clock() }),
    });
  }

  return async (request) => {
    const target = request.headers["x-amz-target"] ?? "";
    const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : "unknown";
    const answered = parts.calls.arrived(operations.has(name) ? name : "unknown");
    let keyId: string | undefined;
    let given: ServiceAnswer;
    try {
      given = await answer(request, name, (key) => {
        keyId = key;
      });
    } catch (error) {
      given = failure(refusalOf(error));
    }
    answered({ keyId, status: given.status, errorName: given.errorName });
    return given;
  };
}
