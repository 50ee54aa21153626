import type { AzureSeedPrincipal } from "./seed.ts";
import type { KeyStore } from "./key-store.ts";
import type { Route } from "./route.ts";
import type { Vault } from "./vault.ts";

/** One authenticated request. */
export interface VaultCall extends Route {
  readonly principal: AzureSeedPrincipal;
  readonly tenantId: string;
  readonly vault: Vault;
  /** Where the client reached the vault, for links to further pages. */
  readonly host: string;
  readonly query: URLSearchParams;
  readonly input: Readonly<Record<string, unknown>>;
  readonly store: KeyStore;
  readonly nowMs: number;
}

/** One operation: the answer's members, `undefined` for an answer without a body, or a refusal thrown. */
export type Operation = (call: VaultCall) => object | undefined | Promise<object>;
