import type { WireGrant } from "./grants-wire.ts";
import { printable } from "./printable.ts";

/** A grant's text as it is pasted: lines stay lines, and what a terminal would obey is made visible. Ends with a line end. */
export function grantText({ text }: WireGrant): string {
  return `${text.replace(/\n+$/, "").split("\n").map(printable).join("\n")}\n`;
}

/** Several grants, each under its title and with the word that `--form` takes. */
export function titledGrants(grants: readonly WireGrant[]): string {
  return grants.map((grant) => `${printable(grant.title)} (--form ${grant.form})\n\n${grantText(grant)}`).join("\n");
}
