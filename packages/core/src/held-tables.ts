import type { Cmk } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { restsOn, type HeldKey, type HeldKeys } from "./held-keys.ts";
import { refusalScope } from "./refusals.ts";

type HeldTable = Pick<HeldKeys<HeldKey>, "some" | "evict">;

/** The tables of one envelope, or of several: what one of them hears refused, all of them drop. What is refused they remember each for itself. */
export class HeldTables {
  private readonly tables: HeldTable[] = [];

  add(...tables: readonly HeldTable[]): void {
    this.tables.push(...tables);
  }

  /** The key itself refused: everything of that tenant and CMK goes. One context refused: what rests on it goes. */
  refused(error: unknown, context: BoundContext, cmk: Cmk): void {
    const scope = refusalScope(error);
    if (scope === "none" || scope === "data-key") return;
    const { tenant } = context.entries;
    const ofCmk = restsOn(cmk);
    const ofContext = (key: HeldKey): boolean => key.context.key === context.key && ofCmk(key);
    // Denied for a context that worked: it is not about the context.
    const all = scope === "key" || this.tables.some((held) => held.some(tenant, ofContext));
    this.drop(tenant, all ? ofCmk : ofContext);
  }

  /** The same for what was heard of the key elsewhere, under no context that data has. */
  keyRefused(error: unknown, tenant: string, cmk: Cmk): void {
    if (refusalScope(error) === "key") this.drop(tenant, restsOn(cmk));
  }

  private drop(tenant: string, matches: (key: HeldKey) => boolean): void {
    for (const held of this.tables) held.evict(tenant, matches, "refused");
  }
}
