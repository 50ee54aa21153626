import type { Caller } from "./authentication.ts";
import type { EncryptionContext } from "./ciphertext-blob.ts";
import { refusals } from "./errors.ts";
import { parseKmsArn } from "./key-arn.ts";
import type { KeyStore } from "./key-store.ts";
import { assertUsable, type KmsKey } from "./kms-key.ts";
import { decide, denialMatches } from "./policy.ts";
import type { PolicyRequest } from "./policy-condition.ts";

/** One authenticated request. */
export interface KmsCall extends Caller {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly store: KeyStore;
  readonly nowMs: number;
}

/** One operation: the answer's members, or a refusal thrown. */
export type Operation = (call: KmsCall) => object | Promise<object>;

/** What is asked of a key. */
export interface KeyUse {
  /** Such as `kms:Decrypt`; the operation's own name by default. */
  readonly action?: string;
  readonly context?: EncryptionContext;
  readonly algorithm?: string;
}

/** The ARN that the caller's words stand for. */
export function resolveKey(call: KmsCall, reference: string, aliases = true): string {
  return call.store.resolve(reference, { region: call.region, account: call.principal.account }, aliases);
}

function policyRequest(call: KmsCall, use: KeyUse): PolicyRequest {
  return {
    principalArn: call.principal.arn,
    principalAccount: call.principal.account,
    action: use.action ?? `kms:${call.operation}`,
    context: use.context ?? {},
    ...(use.algorithm === undefined ? {} : { algorithm: use.algorithm }),
  };
}

/**
 * The key, when the caller may use it so. Across accounts a missing key and a denied one look the same.
 *
 * @throws {ServiceRefusal} `NotFoundException` or `AccessDeniedException`.
 */
export function authorisedKey(call: KmsCall, arn: string, use: KeyUse = {}): KmsKey {
  const request = policyRequest(call, use);
  const key = call.store.get(arn);
  const elsewhere = parseKmsArn(arn)?.account !== call.principal.account;
  if (key === undefined) {
    throw elsewhere ? refusals.deniedElsewhere(call.principal.arn, request.action, "this resource") : refusals.notFound(arn);
  }
  const denied = key.denials.some((denial) => denialMatches(denial, request));
  const decision = denied ? "deny" : decide(key.policy, request);
  if (decision === "allow") return key;
  throw elsewhere
    ? refusals.deniedElsewhere(call.principal.arn, request.action, "this resource")
    : refusals.denied(call.principal.arn, request.action, arn, decision === "deny");
}

/** A key named by key id, ARN or alias, that the caller may use and that is in a state to be used. */
export function usableKey(call: KmsCall, reference: string, use: KeyUse = {}): KmsKey {
  const key = authorisedKey(call, resolveKey(call, reference), use);
  assertUsable(key, call.nowMs);
  return key;
}

/** A key that the caller manages: not by alias, and not across accounts. */
export function managedKey(call: KmsCall, reference: string): KmsKey {
  const arn = resolveKey(call, reference, false);
  if (parseKmsArn(arn)?.account !== call.principal.account) {
    throw refusals.deniedElsewhere(call.principal.arn, `kms:${call.operation}`, "this resource");
  }
  return authorisedKey(call, arn);
}
