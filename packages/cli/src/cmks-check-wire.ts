import { cmkIn, validationAt, type WireCmk, type WireValidation } from "./cmks-wire.ts";
import { grantsAt, type WireGrant } from "./grants-wire.ts";
import { listAt, matchAt, objectAt, textAt } from "./registry-wire.ts";

/** What an access check found. */
export interface WireCheck {
  readonly cmk: WireCmk & { readonly validation: WireValidation };
  /** null unless a permission is what is missing. */
  readonly missing: { readonly permission: string; readonly grants: readonly WireGrant[] } | null;
  readonly lints: readonly WireLint[];
}

export interface WireLint {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

/** Whether everything works. */
export function passed({ cmk: { validation } }: WireCheck): boolean {
  return validation.phase === "done" && validation.code === "ok";
}

/** The answer of an access check. */
export function checkIn(answer: unknown): WireCheck {
  const { cmk, missing, lints } = objectAt(answer, "answer");
  const validation = validationAt(objectAt(cmk, "cmk")["validation"], "cmk.validation");
  return {
    cmk: { ...cmkIn(answer), validation },
    missing: missing === undefined || missing === null ? null : missingAt(missing, "missing"),
    lints: lints === undefined ? [] : listAt(lints, "lints", lintAt),
  };
}

function missingAt(value: unknown, path: string): NonNullable<WireCheck["missing"]> {
  return { permission: textAt(objectAt(value, path)["permission"], `${path}.permission`, 256), grants: grantsAt(value, path) };
}

function lintAt(value: unknown, path: string): WireLint {
  const lint = objectAt(value, path);
  const word = (name: string): string => matchAt(lint[name], `${path}.${name}`, /^[a-z][a-z\d-]{0,63}$/, "a word");
  return { code: word("code"), severity: word("severity"), message: textAt(lint["message"], `${path}.message`, 2000) };
}
