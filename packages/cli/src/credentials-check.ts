import type { Check } from "./check.ts";
import type { Deps } from "./deps.ts";

/** What the search for credentials may look at. */
export type Machine = Pick<Deps, "env" | "home" | "platform">;

/** A place where an SDK looks for credentials: what is there, or why what is there cannot work. Nothing: it is not set up. */
export interface CredentialSource {
  readonly found?: string;
  readonly problem?: string;
  /** The SDK asks no further place after this problem. */
  readonly final?: boolean;
}

/**
 * Which credentials an SDK would take, and which it passes over.
 *
 * @param sources In the order in which the SDK asks them. Names and paths, never values.
 * @param todo What to do where nothing is set up.
 */
export function credentialsCheck(provider: string, sources: readonly CredentialSource[], todo: string): Check {
  const found = sources.flatMap((source) => source.found ?? []);
  const problems = sources.flatMap((source) => source.problem ?? []);
  const name = `${provider} credentials`;
  const [first, ...others] = found;
  if (first !== undefined && !sources.some(({ final }) => final)) {
    const also = others.length === 0 ? "" : `; not used beside it: ${others.join("; ")}`;
    return { name, state: "ok", found: `${first}${also}`, todo: null, needed: false };
  }
  if (problems.length > 0) return { name, state: "wrong", found: problems.join("; "), todo: "mend or unset it", needed: false };
  return { name, state: "missing", found: "none in variables or files", todo, needed: false };
}
