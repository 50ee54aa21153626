/** A CMK as the server answers it. */
export interface WireCmk {
  readonly id: string;
  readonly provider: string;
  readonly resource: string;
  readonly default_cmk: boolean;
  readonly status: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** One change that a client asked for. */
export interface Attempt {
  readonly requestId: string;
  readonly action: "cmk.create" | "cmk.update" | "cmk.delete";
  readonly project: string;
  /** By the clients' wall clock. */
  readonly sentMs: number;
  readonly endedMs: number;
  /** `unknown`: a 503, or no answer. It may have happened or not, but not by halves. */
  readonly outcome: "acknowledged" | "refused" | "unknown";
  /** What was acknowledged. */
  readonly cmk: WireCmk | undefined;
}

/** What an application was told that it has: a token's secret, or a sealed text, whose data key must be in the store. */
export type Held =
  | { readonly kind: "token"; readonly id: string; readonly secret: string }
  | { readonly kind: "sealed"; readonly project: string; readonly row: string; readonly text: string };

/** What clients know of the registry without having asked it: everything that it acknowledged, and what else they tried. */
export class Ledger {
  readonly attempts: Attempt[] = [];
  readonly held: Held[] = [];

  get acknowledged(): number {
    return this.attempts.filter(({ outcome }) => outcome === "acknowledged").length + this.held.length;
  }
}
