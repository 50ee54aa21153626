import { KmsError } from "@cmkit/core";
import type { AzureHosts } from "./azure-hosts.ts";

// RFC 9110 §11.6.1, as far as Azure uses it: quoted values without escapes, possibly several challenges in one header.
const parameter = String.raw`[A-Za-z_]+="[^"\\]*"`;
const wholeHeader = new RegExp(`^[A-Za-z]+ +${parameter}(?: *, *(?:[A-Za-z]+ +)?${parameter})*$`);
const tenantPath = /^\/([A-Za-z0-9.-]+)\/?$/;

/**
 * Checks what a vault says when it wants a token, before one is asked for. Nothing in it chooses anything: scope and tenant
 * are ours. A challenge that wants others comes from no vault of this cloud, or from one in another tenant.
 *
 * @throws {KmsError} `bad-answer`: another authority, another audience, or no challenge that Azure makes. `credentials`:
 * another tenant than `tenantId`.
 */
export function checkChallenge(header: string, { audience, authorities }: AzureHosts, tenantId: string | undefined): void {
  if (!wholeHeader.test(header)) badChallenge("it is not one that Azure makes");
  const values = (wanted: string): readonly string[] =>
    [...header.matchAll(/([A-Za-z_]+)="([^"]*)"/g)].flatMap(([, name = "", value = ""]) =>
      name.toLowerCase() === wanted ? [value] : [],
    );
  const authority = (text: string): URL => {
    const url = URL.parse(text);
    if (url?.protocol === "https:" && authorities.includes(url.host) && url.username === "" && url.password === "") return url;
    return badChallenge("it names an authority that is none of this cloud's");
  };
  for (const text of values("authorization_uri")) authority(text);
  for (const resource of values("resource")) {
    if (resource.replace(/\/$/, "") !== audience) badChallenge("it asks for a token for somebody else");
  }
  for (const scope of values("scope")) {
    if (scope !== `${audience}/.default`) badChallenge("it asks for a token for somebody else");
  }
  const tenants = values("authorization").map((text) => tenantPath.exec(authority(text).pathname)?.[1]);
  for (const tenant of tenants) {
    if (tenant === undefined) badChallenge("it names no tenant");
    if (tenantId !== undefined && tenant.toLowerCase() !== tenantId.toLowerCase()) anotherTenant();
  }
  const forMoreClaims = values("error").includes("insufficient_claims") && values("claims").length > 0;
  if (tenants.length === 0 && !forMoreClaims) badChallenge("it names no authority");
}

function badChallenge(what: string): never {
  throw new KmsError("bad-answer", {
    provider: "azure",
    detail: `the vault's challenge was refused: ${what}; no token was sent`,
  });
}

function anotherTenant(): never {
  const detail = "the vault belongs to another tenant than the one configured for this key (tenantId); no token was sent";
  throw new KmsError("credentials", { provider: "azure", detail });
}
