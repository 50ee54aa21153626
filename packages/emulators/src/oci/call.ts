import type { Outcome } from "./answer.ts";
import type { Input } from "./input.ts";
import type { KeyStore } from "./key-store.ts";
import { denialMatches, type KeyOperation } from "./permission.ts";
import type { Principal } from "./principal.ts";
import type { Quirks } from "./quirks.ts";
import { refusals } from "./service-refusal.ts";
import { etagOf, type KeyVersion, type Vault, type VaultKey } from "./vault-key.ts";

/** One authenticated request. */
export interface OciCall {
  readonly operation: string;
  readonly principal: Principal;
  /** What stands in the path, by the names of the API reference: `keyId`, `keyVersionId`, `vaultId`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly input: Input;
  readonly store: KeyStore;
  readonly nowMs: number;
  /** Where the emulator answers, as the caller reached it. */
  readonly url: string;
  readonly quirks: Quirks;
}

/** One operation: the answer, or a refusal thrown. */
export type Operation = (call: OciCall) => Outcome | Promise<Outcome>;

/** Whether policies let the caller into a compartment of a vault's tenancy: their own, or one that admits theirs. */
export function reaches({ principal }: OciCall, vault: Vault, compartmentId: string): boolean {
  const { tenancy, compartments } = principal;
  const admitted = vault.tenancy === tenancy || vault.admits.has(tenancy);
  return admitted && (compartments === undefined || compartments.has(compartmentId));
}

/** Whether the caller may do this to the key. */
export function mayUse(call: OciCall, key: VaultKey, operation: KeyOperation): boolean {
  return (
    reaches(call, key.vault, key.compartmentId) &&
    !key.denials.some((denial) => denialMatches(denial, operation, call.principal.user))
  );
}

/**
 * The key, when there is one and the caller may do this to it.
 *
 * @throws {ServiceRefusal} `NotAuthorizedOrNotFound`, the same for both.
 */
export function authorisedKey(call: OciCall, keyId: string, operation: KeyOperation): VaultKey {
  const key = call.store.get(keyId);
  if (key === undefined || !mayUse(call, key, operation)) throw refusals.notFound();
  return key;
}

/** The key in the path of a call. */
export function keyInPath(call: OciCall, operation: KeyOperation): VaultKey {
  return authorisedKey(call, call.params["keyId"] ?? "", operation);
}

/** The key in the path of a call that changes it: the `if-match` of the request must be its ETag. */
export function changeableKey(call: OciCall, operation: KeyOperation): VaultKey {
  const key = keyInPath(call, operation);
  if (call.ifMatch !== undefined && call.ifMatch !== etagOf(key)) throw refusals.etag();
  return key;
}

/** A version of a key, by its OCID. */
export function versionOf(key: VaultKey, versionId: string): KeyVersion {
  const version = key.versions.find(({ id }) => id === versionId);
  if (version === undefined) throw refusals.notFound();
  return version;
}
