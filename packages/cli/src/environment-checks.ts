import type { Check } from "./check.ts";
import type { Deps } from "./deps.ts";

/** A variable with which cmkit does not start. */
interface RefusedVariable {
  readonly check: string;
  readonly name: string;
  readonly isRefused: (value: string) => boolean;
  readonly why: string;
  /** What is found otherwise. */
  readonly otherwise: string;
}

const refused: readonly RefusedVariable[] = [
  {
    check: "certificates",
    name: "NODE_TLS_REJECT_UNAUTHORIZED",
    isRefused: (value) => value === "0",
    why: "NODE_TLS_REJECT_UNAUTHORIZED=0 turns their checking off, and cmkit does not start so",
    otherwise: "checked",
  },
];

/** Whether the environment holds what would make cmkit unsafe, and what it therefore refuses. */
export function environmentChecks(env: Deps["env"]): Check[] {
  return refused.map(({ check: name, name: variable, isRefused, why, otherwise }) => {
    const value = env[variable];
    const isSet = value !== undefined && isRefused(value);
    const found = isSet ? why : otherwise;
    return { name, state: isSet ? "wrong" : "ok", found, todo: isSet ? "unset it" : null, needed: true };
  });
}
