import { listAt, matchAt, objectAt, textAt } from "./registry-wire.ts";

/** Text that the owner of a key pastes. */
export interface WireGrant {
  /** Such as `aws-key-policy`. */
  readonly form: string;
  readonly title: string;
  /** Such as `sh`. */
  readonly language: string;
  readonly text: string;
}

// The longest is a Terraform file of some hundred lines.
const maxText = 64 * 1024;

/** The grants in an answer or a part of one. */
export function grantsAt(value: unknown, path: string): WireGrant[] {
  return listAt(objectAt(value, path)["grants"], `${path}.grants`, grantAt);
}

function grantAt(value: unknown, path: string): WireGrant {
  const grant = objectAt(value, path);
  const word = (name: string): string => matchAt(grant[name], `${path}.${name}`, /^[a-z][a-z\d-]{0,63}$/, "a word");
  return {
    form: word("form"),
    title: textAt(grant["title"], `${path}.title`, 1024),
    language: word("language"),
    text: textAt(grant["text"], `${path}.text`, maxText),
  };
}
