import { isKmsError, type KmsErrorCode } from "@cmkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differInProjectForm, parseCryptoKeyName } from "../src/crypto-key-name.ts";
import { gcp } from "../src/index.ts";

const nameOf = ({ project = "customer-project", location = "europe-west1", ring = "ring", key = "key" } = {}): string =>
  `projects/${project}/locations/${location}/keyRings/${ring}/cryptoKeys/${key}`;

const accepted = [
  nameOf(),
  nameOf({ project: "example.com:crm-prod-1" }),
  nameOf({ project: "123456789012" }),
  nameOf({ project: "a12345" }),
  nameOf({ project: `a${"b".repeat(28)}9` }),
  nameOf({ location: "global" }),
  nameOf({ location: "eu" }),
  nameOf({ location: "nam-eur-asia1" }),
  nameOf({ ring: "_", key: "-" }),
  nameOf({ ring: "R".repeat(63), key: "K_k-9".repeat(12) }),
] as const;

const refused = [
  ["nothing", "", "expected projects/PROJECT"],
  ["a bare key", "key", "expected projects as part 1"],
  ["a project", "projects/customer-project", "got only its first 2 parts"],
  ["a location", "projects/customer-project/locations/eu", "got only its first 4 parts"],
  ["a key ring", nameOf().replace("/cryptoKeys/key", ""), "got a key ring"],
  ["a trailing slash", `${nameOf()}/`, "without a slash at its end"],
  ["a leading slash", `/${nameOf()}`, "expected projects/PROJECT"],
  ["the name of Asset Inventory", `//cloudkms.googleapis.com/${nameOf()}`, "leave out the service"],
  ["a URL", `https://cloudkms.googleapis.com/v1/${nameOf()}`, "not a URL"],
  ["a trailing line end", `${nameOf()}\n`, "got a space or a character"],
  ["a leading space", ` ${nameOf()}`, "got a space or a character"],
  ["a NUL", `${nameOf()}\0`, "got a space or a character"],
  ["a letter of another script", nameOf({ location: "еu" }), "got a space or a character"],
  ["an encoded slash", nameOf({ ring: "a%2Fb" }), "got a percent sign"],
  ["a location in upper case", nameOf({ location: "EUROPE-WEST1" }), "a location in lower case"],
  ["a project in upper case", nameOf({ project: "Customer-project" }), "a project id of 6 to 30"],
  ["a project of 5 characters", nameOf({ project: "abcde" }), "a project id of 6 to 30"],
  ["a project of 31 characters", nameOf({ project: `a${"b".repeat(30)}` }), "a project id of 6 to 30"],
  ["a project that ends in a hyphen", nameOf({ project: "customer-" }), "a project id of 6 to 30"],
  ["a project number that begins with 0", nameOf({ project: "0123456789" }), "a project id of 6 to 30"],
  ["two domains", nameOf({ project: "a.example:b.example:crm-prod" }), "a project id of 6 to 30"],
  ["a domain without a project", nameOf({ project: "example.com:" }), "a project id of 6 to 30"],
  ["a path upwards as the project", nameOf({ project: ".." }), "a project id of 6 to 30"],
  ["a path upwards as the location", nameOf({ location: ".." }), "a location in lower case"],
  ["a path upwards as the key ring", nameOf({ ring: ".." }), "a key ring of 1 to 63"],
  ["a path upwards as the key", nameOf({ key: ".." }), "a key of 1 to 63"],
  ["a wildcard", nameOf({ location: "-" }), "a location in lower case"],
  ["a location with a dot", nameOf({ location: "eu.evil.example" }), "a location in lower case"],
  ["a location with userinfo", nameOf({ location: "x@evil.example" }), "a location in lower case"],
  ["an empty key", nameOf({ key: "" }), "a key of 1 to 63"],
  ["a key of 64 characters", nameOf({ key: "k".repeat(64) }), "a key of 1 to 63"],
  ["a query", `${nameOf()}?x`, "a key of 1 to 63"],
  ["a fragment", `${nameOf()}#x`, "a key of 1 to 63"],
  ["a verb", `${nameOf()}:decrypt`, "a key of 1 to 63"],
  ["collections in lower case", nameOf().replace("keyRings", "keyrings"), "expected keyRings as part 5"],
  ["version 0", `${nameOf()}/cryptoKeyVersions/0`, "a version number from 1"],
  ["a version with a leading zero", `${nameOf()}/cryptoKeyVersions/01`, "a version number from 1"],
  ["the primary by name", `${nameOf()}/cryptoKeyVersions/primary`, "a version number from 1"],
  ["no version", `${nameOf()}/cryptoKeyVersions/`, "a version number from 1"],
  ["a version of 20 digits", `${nameOf()}/cryptoKeyVersions/${"1".repeat(20)}`, "a version number from 1"],
  ["a public key", `${nameOf()}/cryptoKeyVersions/1/publicKey`, "or that and /cryptoKeyVersions/NUMBER"],
  ["an import job", nameOf().replace("cryptoKeys", "importJobs"), "expected cryptoKeys as part 7"],
  ["an ARN", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "expected projects as part 1"],
] as const;

/** The error's code and message, or undefined when it parses. */
function refusalOf(resource: string): { readonly code: KmsErrorCode; readonly message: string } | undefined {
  try {
    gcp().open(resource);
    return undefined;
  } catch (error) {
    if (!isKmsError(error)) throw error;
    return error;
  }
}

// What fast-check calls binary, without the list of all characters that it takes 1.5 s to make.
const character = fc
  .nat(0x10ffff)
  .map((point) => String.fromCodePoint(point))
  .filter((text) => text.isWellFormed());

describe("the grammar of key names", () => {
  it.each(accepted)("takes %s", (resource) => {
    expect(parseCryptoKeyName(resource)).toEqual({ resource, key: resource, version: null });
    expect(gcp().open(resource)).toMatchObject({ resource, keyResource: resource, resolved: true });
  });

  it.each(accepted)("takes version 12 of %s, which pins it", (key) => {
    const resource = `${key}/cryptoKeyVersions/12`;
    expect(parseCryptoKeyName(resource)).toEqual({ resource, key, version: "12" });
    expect(gcp().open(resource)).toMatchObject({ resource, keyResource: key, resolved: true });
  });

  it("names one key, whichever of its versions a name ends in", () => {
    const version = fc.bigInt({ min: 1n, max: 9_999_999_999_999_999_999n }).map(String);
    fc.assert(
      fc.property(fc.constantFrom(...accepted), version, (key, one) => {
        expect(gcp().open(`${key}/cryptoKeyVersions/${one}`).keyResource).toBe(key);
        expect(parseCryptoKeyName(key).version).toBeNull();
      }),
    );
  });

  it.each(refused)("refuses %s and says what was expected", (_what, resource, detail) => {
    expect(refusalOf(resource)).toMatchObject({ code: "invalid-resource" });
    expect(refusalOf(resource)?.message).toContain(detail);
  });

  it("takes a changed name as it is, or refuses it with one code and without its characters of control", () => {
    const names = fc.constantFrom(...accepted, ...accepted.map((name) => `${name}/cryptoKeyVersions/7`));
    const added = fc.oneof(
      fc.string({ unit: character, maxLength: 3 }),
      fc.constantFrom("/", "..", "%2f", "\n", "//", ":", "@", "?", "#"),
    );
    const mutated = fc
      .record({ name: names, at: fc.nat(150), drop: fc.nat(3), add: added })
      .map(({ name, at, drop, add }) => name.slice(0, at) + add + name.slice(at + drop));
    fc.assert(
      fc.property(mutated, (resource) => {
        const refusal = refusalOf(resource);
        if (refusal !== undefined) return refusal.code === "invalid-resource" && /^[ -~]+$/.test(refusal.message);
        const parsed = parseCryptoKeyName(resource);
        const url = new URL(`https://cloudkms.googleapis.com/v1/${resource}`);
        return parsed.resource === resource && url.hostname === "cloudkms.googleapis.com" && url.pathname === `/v1/${resource}`;
      }),
      { numRuns: 2000 },
    );
  });

  it("is quick with long names that almost fit", () => {
    const started = performance.now();
    for (const project of ["a.".repeat(250), "a".repeat(500), "a:".repeat(250), "1".repeat(500)]) {
      expect(refusalOf(nameOf({ project }))).toMatchObject({ code: "invalid-resource" });
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it.each([
    [nameOf(), nameOf({ project: "123456789012" }), true],
    [nameOf({ project: "123456789012" }), nameOf(), true],
    [nameOf(), nameOf({ project: "other-project" }), false],
    [nameOf({ project: "123456789012" }), nameOf({ project: "210987654321" }), false],
    [nameOf(), nameOf({ project: "123456789012", key: "other" }), false],
    [nameOf(), nameOf(), false],
  ])("%s and %s differ in how they name the project: %s", (one, other, expected) => {
    expect(differInProjectForm(one, other)).toBe(expected);
  });
});
