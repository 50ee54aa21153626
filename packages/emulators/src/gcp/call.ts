import type { CryptoKey, KeyVersion } from "./crypto-key.ts";
import { denialMatches } from "./denial.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsMethod } from "./kms-proto.ts";
import type { Message } from "./message-shape.ts";
import { permissionOf } from "./permission.ts";
import { parseResourceName } from "./resource-name.ts";
import { refusals } from "./rpc-error.ts";
import type { GcpSeedPrincipal } from "./seed.ts";

/** One authenticated request. */
export interface KmsCall {
  readonly method: KmsMethod;
  /** In JSON, with the names of enumerations. */
  readonly input: Message;
  readonly principal: GcpSeedPrincipal;
  readonly store: KeyStore;
  readonly nowMs: number;
}

/** One operation: the answer in JSON, or a refusal thrown. */
export type Operation = (call: KmsCall) => object | Promise<object>;

/** Refuses what a denial of the key meets. Principals may do everything that is not denied. */
export function authorise(call: KmsCall, resource: string): void {
  const permission = permissionOf(call.method);
  const use = { method: call.method, permission, email: call.principal.email };
  const denied = call.store.get(resource)?.denials.some((denial) => denialMatches(denial, use)) ?? false;
  if (denied) throw refusals.denied(permission, resource);
}

/**
 * The key with this name.
 *
 * @throws {RpcRefusal} INVALID_ARGUMENT, PERMISSION_DENIED or NOT_FOUND.
 */
export function keyNamed(call: KmsCall, name: string): CryptoKey {
  const parsed = parseResourceName(name);
  if (parsed?.key === undefined || parsed.version !== undefined) throw refusals.invalid(`Resource name [${name}] is invalid.`);
  authorise(call, name);
  const key = call.store.get(name);
  if (key === undefined) throw refusals.notFound("CryptoKey", name);
  return key;
}

/** A version and the key it is of. */
export interface NamedVersion {
  readonly key: CryptoKey;
  readonly version: KeyVersion;
}

/**
 * The version with this name.
 *
 * @throws {RpcRefusal} INVALID_ARGUMENT, PERMISSION_DENIED or NOT_FOUND.
 */
export function versionNamed(call: KmsCall, name: string): NamedVersion {
  const parsed = parseResourceName(name);
  if (parsed?.version === undefined) throw refusals.invalid(`Resource name [${name}] is invalid.`);
  authorise(call, name);
  const key = call.store.get(name);
  const version = key?.versions.find(({ id }) => id === parsed.version);
  if (key === undefined || version === undefined) throw refusals.notFound("CryptoKeyVersion", name);
  return { key, version };
}
