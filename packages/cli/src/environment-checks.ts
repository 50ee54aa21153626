import type { Check } from "./check.ts";
import type { Deps } from "./deps.ts";

/** A variable with which cmkit, or one of its adapters, does not start. */
export interface RefusedVariable {
  /** What the check is called. */
  readonly check: string;
  readonly name: string;
  readonly isRefused: (value: string) => boolean;
  readonly why: string;
  /** What is found otherwise. */
  readonly otherwise: string;
}

/** Those that are refused whichever cloud is used. */
export const refusedVariables: readonly RefusedVariable[] = [
  {
    check: "certificates",
    name: "NODE_TLS_REJECT_UNAUTHORIZED",
    isRefused: (value) => value === "0",
    why: "NODE_TLS_REJECT_UNAUTHORIZED=0 turns their checking off, and cmkit does not start so",
    otherwise: "checked",
  },
];

/** Whether the environment holds what would make cmkit unsafe. */
export function environmentChecks(variables: readonly RefusedVariable[], env: Deps["env"]): Check[] {
  return variables.map(({ check: name, name: variable, isRefused, why, otherwise }) => {
    const value = env[variable];
    const isSet = value !== undefined && isRefused(value);
    const found = isSet ? why : otherwise;
    return { name, state: isSet ? "wrong" : "ok", found, todo: isSet ? "unset it" : null, needed: true };
  });
}
