import type { KeyKind } from "../cmk.ts";
import type { CaseRun } from "./case-run.ts";
import type { ConformanceControls } from "./harness.ts";

/** One case, before it is bound to a key. */
export interface CaseTemplate {
  /** A sentence about behaviour; the name that skips use. */
  readonly name: string;
  /** Only for keys of this kind. */
  readonly kind?: KeyKind;
  /** Skipped where the harness cannot do one of these. */
  readonly needs?: readonly (keyof ConformanceControls)[];
  /** Skipped for keys that have no alias. */
  readonly needsAlias?: boolean;
  run(t: CaseRun): Promise<void>;
}
