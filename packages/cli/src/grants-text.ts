import { grantsChoice } from "./grants-choice.ts";
import type { WireGrant } from "./grants-wire.ts";
import { printable } from "./printable.ts";

/** A grant's text as it is pasted: lines stay lines, and what a terminal would obey is made visible. Ends with a line end. */
export function grantText({ text }: WireGrant): string {
  return `${text.replace(/\n+$/, "").split("\n").map(printable).join("\n")}\n`;
}

/** Several grants, each under its title and with the word that `--form` takes; first, which of them are needed. */
export function titledGrants(grants: readonly WireGrant[]): string {
  const choice = grantsChoice(grants);
  const head = choice === "" ? "" : `${choice}With --form, one is printed alone.\n\n`;
  return head + grants.map((grant) => `${printable(grant.title)} (--form ${grant.form})\n\n${grantText(grant)}`).join("\n");
}
