import { ruledTable } from "./cmks-tables.ts";
import { cmksPath } from "./registry-client.ts";
import type { RegistryCommand } from "./registry-connection.ts";
import { printJson } from "./registry-json.ts";
import type { ProjectOptions } from "./registry-options.ts";
import { objectAt, textAt } from "./registry-wire.ts";

/** Names and values of the operator's identity in each cloud. */
type WireAccessors = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `cmkit cmks accessors` */
export const accessorsCommand: RegistryCommand<ProjectOptions> = {
  run: async ({ project, json }, client, io) => {
    const accessors = accessorsIn(await client.request("GET", cmksPath(project, "accessors")));
    if (json) printJson(accessors, io);
    else io.stdout(`${shown(accessors)}\n${next(accessors)}\n`);
    return 0;
  },
};

/** A cloud that is not offered may be left out, or have empty texts. */
function accessorsIn(answer: unknown): WireAccessors {
  const given = objectAt(objectAt(answer, "answer")["accessors"], "accessors");
  const read = Object.entries(given).map(([provider, details]) => {
    const path = `accessors.${provider}`;
    const texts = Object.entries(objectAt(details, path)).map(([name, value]) => [name, textAt(value, `${path}.${name}`, 1024)]);
    return [provider, Object.fromEntries(texts.filter(([, value]) => value !== ""))] as const;
  });
  return Object.fromEntries(read.filter(([, details]) => Object.keys(details).length > 0));
}

function shown(accessors: WireAccessors): string {
  const clouds = Object.entries(accessors);
  const width = Math.max(0, ...clouds.flatMap(([, details]) => Object.keys(details).map(({ length }) => length)));
  const rows = clouds.flatMap(([provider, details]) =>
    Object.entries(details).map(([name, value], line) => [line === 0 ? provider : "", `${name.padEnd(width)}  ${value}`]),
  );
  return ruledTable(["PROVIDER", "DETAILS"], rows);
}

/** What the owner of a key lets them do; the exact words are `cmkit grants`. */
const grants: Readonly<Partial<Record<string, string>>> = {
  aws: "in the key policy, let the principal describe the key, read its public key, and use it",
  gcp: "on the key, give the access_group roles to use it and to see it",
  azure: "register app_id in the tenant (az ad sp create --id …) and give it a role to use the key",
  oci: "in a policy of the key's compartment, let access_group of access_tenant use the key",
};

function next(accessors: WireAccessors): string {
  const lines = Object.keys(accessors).flatMap((provider) => {
    const what = grants[provider];
    return what === undefined ? [] : [`${provider.padEnd(6)} ${what}.`];
  });
  if (lines.length === 0) return "No cloud is offered: name your accessors in cmkit.json, where the registry runs.";
  return `What to grant, on\n${lines.map((line) => `  ${line}\n`).join("")}\nAfter \`cmkit cmks create\`, \`cmkit grants\` prints it ready to paste.`;
}
