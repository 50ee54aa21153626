import type { WireGrant } from "./grants-wire.ts";

/** The forms that come in addition to one on the key, and when; every other form is an alternative to its neighbours. */
const additions: ReadonlyMap<string, string> = new Map([
  ["aws-role-permissions", "for the role that asks, where its account is not the key's"],
  ["aws-role-trust", "only where the operator assumes a role of yours, which is then the one that asks"],
  ["oci-policy-endorse", "the operator's own part, where your tenancies differ"],
]);

/** Which of a cloud's grants are alternatives, and which come in addition. */
export function grantsChoice(grants: readonly Pick<WireGrant, "form">[]): string {
  const forms = [...new Set(grants.map(({ form }) => form))];
  const further = forms.filter((form) => additions.has(form));
  const alternatives = forms.filter((form) => !additions.has(form));
  const one = alternatives.length < 2 ? [] : [`ONE of these is enough, whose title fits: ${alternatives.join(", ")}.`];
  const more = further.map((form) => `In addition ${form}: ${additions.get(form) ?? ""}.`);
  return [...one, ...more].map((line) => `${line}\n`).join("");
}
