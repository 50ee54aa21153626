import { countAt, flagAt, listAt, matchAt, momentAt, objectAt, oneOfAt, textAt, type WireObject } from "./registry-wire.ts";

/** A key as the wire has it. */
export interface WireCmk {
  readonly id: string;
  readonly provider: string;
  readonly default_cmk: boolean;
  readonly resource: string;
  readonly status: "current" | "old" | "deleted";
  readonly created_at: string;
  readonly updated_at: string;
  /** How the last access check ended; absent before the first. */
  readonly validation?: WireValidation;
}

export interface WireValidation {
  readonly phase: string;
  readonly code: string;
  readonly message: string;
  readonly since: string;
  readonly checked_at: string;
}

/** The answer that holds one key. */
export function cmkIn(answer: unknown): WireCmk {
  return cmkAt(objectAt(answer, "answer")["cmk"], "cmk");
}

/** The answer that holds a list of them. */
export function cmksIn(answer: unknown): WireCmk[] {
  return listAt(objectAt(answer, "answer")["cmks"], "cmks", cmkAt);
}

/** How many data keys depend on a key: in the answer that names its services. */
export function dataKeysIn(answer: unknown): number {
  return countAt(objectAt(answer, "answer")["data_keys"], "data_keys");
}

/** The projects that have keys. */
export function projectsIn(answer: unknown): string[] {
  return listAt(objectAt(answer, "answer")["projects"], "projects", (value, path) =>
    textAt(objectAt(value, path)["project_name"], `${path}.project_name`, 1024),
  );
}

function cmkAt(value: unknown, path: string): WireCmk {
  const cmk = objectAt(value, path);
  const { validation } = cmk;
  return {
    id: matchAt(cmk["id"], `${path}.id`, /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, "a UUID"),
    provider: textAt(cmk["provider"], `${path}.provider`, 64),
    default_cmk: flagAt(cmk["default_cmk"], `${path}.default_cmk`),
    resource: textAt(cmk["resource"], `${path}.resource`, 512),
    status: oneOfAt(cmk["status"], `${path}.status`, ["current", "old", "deleted"]),
    created_at: momentAt(cmk["created_at"], `${path}.created_at`),
    updated_at: momentAt(cmk["updated_at"], `${path}.updated_at`),
    ...(validation === undefined || validation === null ? {} : { validation: validationAt(validation, `${path}.validation`) }),
  };
}

export function validationAt(value: unknown, path: string): WireValidation {
  const validation: WireObject = objectAt(value, path);
  const word = (name: string): string => matchAt(validation[name], `${path}.${name}`, /^[a-z][a-z-]{0,63}$/, "a word");
  return {
    phase: word("phase"),
    code: word("code"),
    message: textAt(validation["message"], `${path}.message`, 4096),
    since: momentAt(validation["since"], `${path}.since`),
    checked_at: momentAt(validation["checked_at"], `${path}.checked_at`),
  };
}
