/** One thing that `cmkit doctor` looked at. */
export interface Check {
  readonly name: string;
  /** `missing`: not there. `wrong`: there, and cannot work. `unused`: a cloud whose adapter is not installed. */
  readonly state: "ok" | "missing" | "wrong" | "unused";
  /** What was found; never a secret. */
  readonly found: string;
  /** What to do; null where there is nothing to do. */
  readonly todo: string | null;
  /** Nothing works without it. Something wrong counts, needed or not. */
  readonly needed: boolean;
}

/** Whether a check makes the whole set-up unusable. */
export function fails({ state, needed }: Check): boolean {
  return state === "wrong" || (state === "missing" && needed);
}
