import { isKmsError } from "@cmkit/core";
import { assert, nat, property, string, stringMatching } from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedHosts, publicHosts } from "../src/azure-hosts.ts";
import { azure } from "../src/index.ts";
import { keyVersionGrammar, parseKeyId } from "../src/key-id.ts";
import { host, keyUrl, kid, version } from "./samples.ts";

const adapter = azure();
const canonical = (resource: string): string => adapter.open(resource).resource;

// What fast-check calls binary, without the list of all characters that it takes 1.5 s to make.
const character = nat(0x10ffff)
  .map((point) => String.fromCodePoint(point))
  .filter((text) => text.isWellFormed());

describe("the grammar of key identifiers", () => {
  it.each([
    [keyUrl, keyUrl],
    [`${keyUrl}/`, keyUrl],
    [kid, kid],
    [`${kid}/`, kid],
    [kid.toUpperCase().replace("HTTPS", "https").replace("/KEYS/", "/keys/"), kid],
    [`https://Contoso.Vault.Azure.NET/keys/Crm`, keyUrl],
    [`https://${host}:443/keys/crm`, keyUrl],
    [`https://${host}:443/keys/crm/${version}/`, kid],
    ["https://abc.managedhsm.azure.net/keys/k", "https://abc.managedhsm.azure.net/keys/k"],
    ["https://a-b-c.vault.azure.net/keys/0-", "https://a-b-c.vault.azure.net/keys/0-"],
    [
      `https://${"a".repeat(24)}.vault.azure.net/keys/${"k".repeat(127)}`,
      `https://${"a".repeat(24)}.vault.azure.net/keys/${"k".repeat(127)}`,
    ],
  ])("takes %s", (resource, expected) => {
    expect(canonical(resource)).toBe(expected);
    expect(canonical(canonical(resource))).toBe(expected);
    expect(adapter.open(resource)).toMatchObject({ resolved: true, namesVersion: true });
    expect(adapter.open(resource).keyResource).toBe(expected.replace(`/${version}`, ""));
  });

  it.each(publicHosts)("takes vaults under $suffix, whose tokens are for $audience", (hosts) => {
    const resource = `https://contoso.${hosts.suffix}/keys/crm`;
    expect(parseKeyId(resource, publicHosts)).toMatchObject({ resource, hosts, vaultUrl: `https://contoso.${hosts.suffix}` });
    expect(hosts.audience).toBe(`https://${hosts.suffix}`);
    expect(hosts.managedHsm ?? false).toBe(hosts.suffix.startsWith("managedhsm."));
  });

  it.each([
    ["https://evil.example/keys/k", /a host under vault\.azure\.net/],
    ["https://x.vault.azure.net.evil.example/keys/k", /a host under/],
    ["https://evil.example/contoso.vault.azure.net/keys/k", /a host under/],
    ["https://vault.azure.net/keys/k", /a host under/],
    ["https://xvault.azure.net/keys/k", /a host under/],
    ["https://contoso.vault.azure.net./keys/k", /a host under/],
    ["https://contoso.vault.microsoftazure.de/keys/k", /a host under/],
    ["https://127.0.0.1/keys/k", /a host under/],
    ["https://[::1]/keys/k", /port|a host under/],
    ["https:///keys/k", /a host under/],
    ["https://a.b.vault.azure.net/keys/k", /one vault name/],
    ["https://contoso.privatelink.vaultcore.azure.net/keys/k", /private link/],
    ["https://contoso.privatelink.vault.azure.net/keys/k", /private link/],
    ["https://contoso.vaultcore.azure.net/keys/k", /a host under/],
    ["https://ab.vault.azure.net/keys/k", /one vault name/],
    [`https://${"a".repeat(25)}.vault.azure.net/keys/k`, /one vault name/],
    ["https://1ab.vault.azure.net/keys/k", /one vault name/],
    ["https://-ab.vault.azure.net/keys/k", /one vault name/],
    ["https://ab-.vault.azure.net/keys/k", /one vault name/],
    ["https://xn--80ak6aa92e.vault.azure.net/keys/k", /one vault name/],
    ["https://a_b.vault.azure.net/keys/k", /one vault name/],
    ["https://c\u043entoso.vault.azure.net/keys/k", /a character that no identifier has/],
    ["https://contoso.vault.azure.net\u3002evil.example/keys/k", /a character that no identifier has/],
    [`https://user@${host}/keys/k`, /user name/],
    [`https://user:pass@${host}/keys/k`, /user name/],
    [`https://${host}@evil.example/keys/k`, /user name/],
    [`https://${host}:8443/keys/k`, /port/],
    [`https://${host}:0443/keys/k`, /port/],
    [`https://${host}:/keys/k`, /port/],
    [`https://${host}:443:443/keys/k`, /expected/],
    [`http://${host}/keys/k`, /begin with https/],
    [`HTTPS://${host}/keys/k`, /begin with https/],
    [`ftp://${host}/keys/k`, /begin with https/],
    [`//${host}/keys/k`, /expected https/],
    [`${host}/keys/k`, /expected https/],
    ["crm", /expected https/],
    [`https:\\\\${host}\\keys\\k`, /expected https/],
    [`https://${host}\\keys/k`, /expected/],
    [`https://${host}`, /of a key, got that of its vault: add \/keys\/KEY/],
    [`https://${host}/`, /of a key, got that of its vault: add \/keys\/KEY/],
    [`https://${host}/secrets/k`, /not of a secret/],
    [`https://${host}/certificates/k`, /not of a secret/],
    [`https://${host}/KEYS/k`, /of a key/],
    [`https://${host}/keys`, /key name/],
    [`https://${host}/keys/`, /key name/],
    [`https://${host}/keys/${"k".repeat(128)}`, /key name/],
    [`https://${host}/keys/a_b`, /key name/],
    [`https://${host}/keys/a.b`, /key name/],
    [`https://${host}/keys/..`, /plain path/],
    [`https://${host}/keys/../secrets/k`, /plain path/],
    [`https://${host}/keys//k`, /plain path/],
    [`https://${host}//keys/k`, /plain path/],
    [`https://${host}/keys/a%2fb`, /plain path/],
    [`https://${host}/keys/a%2Fb`, /plain path/],
    [`https://${host}/keys%2fk`, /plain path/],
    [`https://${host}/keys/k?api-version=7.4`, /no query/],
    [`https://${host}/keys/k#`, /no query and no fragment/],
    [`https://${host}?/keys/k`, /no query/],
    [`https://${host}#/keys/k`, /no query/],
    [`https://${host}/keys/k/1`, /32 hex digits/],
    [`https://${host}/keys/k/${version}0`, /32 hex digits/],
    [`https://${host}/keys/k/${version.replace("0", "g")}`, /32 hex digits/],
    [`https://${host}/keys/k/${version}/unwrapkey`, /expected/],
    [`${keyUrl}\n`, /a character that no identifier has/],
    [` ${keyUrl}`, /a character that no identifier has/],
    [`${keyUrl}\0`, /a character that no identifier has/],
    ["", /expected https/],
  ])("refuses %j before any request, and says what it expects", (resource, words) => {
    expect(() => adapter.open(resource)).toThrow(words);
    expect(() => adapter.open(resource)).toThrow(expect.objectContaining({ code: "invalid-resource", provider: "azure" }));
  });

  it("takes or refuses any text, and what it takes reaches a host on the list", () => {
    const alike = stringMatching(
      /^https?:\/\/[a-c@.]{0,6}\.?(?:vault|managedhsm)\.azure\.net(?::443|:44|@x|\.x)?\/keys\/[a-c./%?#-]{0,4}$/,
    );
    for (const texts of [string({ unit: character, maxLength: 100 }), alike]) {
      assert(
        property(texts, (resource) => {
          const opened = open(resource);
          if (opened === undefined) return;
          const url = new URL(opened);
          expect(url.href).toBe(opened);
          expect(url.host).toMatch(/^[a-z][a-z0-9-]{1,22}[a-z0-9]\.(?:vault|managedhsm)\.azure\.net$/);
          expect(new URL(resource).host).toBe(url.host);
        }),
        { numRuns: 2000 },
      );
    }
  });

  it("names one key, in however many ways its versions are named", () => {
    const names = stringMatching(/^[A-Za-z0-9-]{1,126}$/);
    const versions = stringMatching(/^(?:\/[0-9A-Fa-f]{32})?\/?$/);
    assert(
      property(names, versions, versions, (name, one, other) => {
        const keyOf = (rest: string): unknown => adapter.open(`https://${host}/keys/${rest}`).keyResource;
        const key = `https://${host}/keys/${name.toLowerCase()}`;
        expect([name + one, name + other, name.toUpperCase() + one].map(keyOf)).toEqual([key, key, key]);
        expect(adapter.open(key)).toMatchObject({ resource: key, keyResource: key });
        expect(keyOf(`${name}x${one}`)).not.toBe(key);
      }),
    );
  });

  it("knows a version when it sees one", () => {
    expect(keyVersionGrammar.test(version)).toBe(true);
    for (const wrong of [version.toUpperCase(), version.slice(1), `${version}\n`, `${version}/..`, ""]) {
      expect(keyVersionGrammar.test(wrong)).toBe(false);
    }
  });
});

describe("further clouds", () => {
  const eagle = {
    suffix: "vault.azure.eaglex.ic.gov",
    audience: "https://vault.azure.eaglex.ic.gov",
    authorities: ["login.microsoftonline.eaglex.ic.gov"],
  };

  it("are added in code", () => {
    const resource = "https://contoso.vault.azure.eaglex.ic.gov/keys/crm";
    expect(() => azure().open(resource)).toThrow(/a host under/);
    expect(azure({ hosts: [eagle] }).open(resource).resource).toBe(resource);
    expect(azure({ hosts: [eagle] }).open(keyUrl).resource).toBe(keyUrl);
  });

  it.each([
    ["an upper-case suffix", { suffix: "Vault.example.test" }],
    ["a top-level domain", { suffix: "net" }],
    ["a suffix that begins with a dot", { suffix: ".vault.example.test" }],
    ["a wildcard", { suffix: "*.example.test" }],
    ["an audience elsewhere", { audience: "https://vault.azure.net" }],
    ["an audience that only looks alike", { audience: "https://azure.eaglex.ic.gov.evil.example" }],
    ["an audience that ends a label in the middle", { audience: "https://ault.azure.eaglex.ic.gov" }],
    ["an audience with a path", { audience: `${eagle.audience}/` }],
    ["an audience over http", { audience: "http://vault.azure.eaglex.ic.gov" }],
    ["no authority", { authorities: [] }],
    ["an authority with a path", { authorities: ["login.example.test/x"] }],
  ])("are refused with %s", (_what, change) => {
    expect(() => checkedHosts([{ ...eagle, ...change }])).toThrow(TypeError);
    expect(() => azure({ hosts: [{ ...eagle, ...change }] })).toThrow(TypeError);
  });
});

function open(resource: string): string | undefined {
  try {
    return adapter.open(resource).resource;
  } catch (error) {
    if (isKmsError(error) && error.code === "invalid-resource") return undefined;
    throw error;
  }
}
