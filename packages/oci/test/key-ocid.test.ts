import { isKmsError, type KmsErrorCode } from "@cmkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloudEndpoints } from "../src/endpoint.ts";
import { oci } from "../src/index.ts";
import { keyVersionGrammar, parseKeyOcid } from "../src/key-ocid.ts";
import { keyOcid, vault, versionOcid } from "./samples.ts";

const unique = "k".repeat(60);
const ocidOf = (region: string, realm = "oc1", prefix = vault, last = unique): string =>
  `ocid1.key.${realm}.${region}.${prefix}.${last}`;

const accepted = [
  [ocidOf("iad"), `${vault}-crypto.kms.us-ashburn-1.oraclecloud.com`],
  [ocidOf("us-ashburn-1"), `${vault}-crypto.kms.us-ashburn-1.oraclecloud.com`],
  [ocidOf("eu-frankfurt-1"), `${vault}-crypto.kms.eu-frankfurt-1.oraclecloud.com`],
  [ocidOf("us-sanjose-1"), `${vault}-crypto.kms.us-sanjose-1.oci.oraclecloud.com`],
  [ocidOf("eu-madrid-2", "oc19"), `${vault}-crypto.kms.eu-madrid-2.oci.oraclecloud.eu`],
  [ocidOf("uk-gov-cardiff-1", "oc4"), `${vault}-crypto.kms.uk-gov-cardiff-1.oci.oraclegovcloud.uk`],
  [ocidOf("us-gov-phoenix-1", "oc3"), `${vault}-crypto.kms.us-gov-phoenix-1.oraclegovcloud.com`],
  [ocidOf("ap-chiyoda-1", "oc8"), `${vault}-crypto.kms.ap-chiyoda-1.oci.oraclecloud8.com`],
  [ocidOf("phx", "oc1", "abcdef"), "abcdef-crypto.kms.us-phoenix-1.oraclecloud.com"],
] as const;

const refused = [
  ["the OCID of a key version", versionOcid, "got one of a keyversion"],
  ["the OCID of a vault", keyOcid.replace(".key.", ".vault."), "got one of a vault"],
  ["the OCID of something else", keyOcid.replace(".key.", ".bucket."), "expected the OCID of a key"],
  ["an OCID of another generation", keyOcid.replace("ocid1", "ocid2"), "expected ocid1.key.REALM"],
  ["upper case", keyOcid.toUpperCase(), "expected ocid1.key.REALM"],
  ["upper case in the region", ocidOf("IAD"), "in lower case"],
  ["upper case in the vault", ocidOf("iad", "oc1", vault.toUpperCase()), "6 to 32 lower-case"],
  ["upper case in the last part", ocidOf("iad", "oc1", vault, unique.toUpperCase()), "in lower case"],
  ["an unknown realm", ocidOf("iad", "oc999"), "expected one of the realms oc1, oc2"],
  ["a realm that is none", ocidOf("iad", "evil"), "expected one of the realms oc1, oc2"],
  ["a made-up region", ocidOf("xx-nowhere-1"), "expected a region of the realm oc1, got xx-nowhere-1"],
  ["a made-up short region", ocidOf("zzz"), "expected a region of the realm oc1, got zzz"],
  ["the beginning of a region's code", ocidOf("ia"), "expected a region of the realm oc1, got ia"],
  ["a region of another realm", ocidOf("eu-madrid-2"), "expected a region of the realm oc1, got eu-madrid-2"],
  ["a region's code of another realm", ocidOf("iad", "oc3"), "expected a region of the realm oc3, got iad"],
  ["a region of the realm oc1 in another", ocidOf("us-ashburn-1", "oc19"), "expected a region of the realm oc19"],
  ["a property of every object for a region", ocidOf("constructor"), "in lower case"],
  ["no region", ocidOf(""), "expected a region in the OCID, got none"],
  ["a vault with a dot", ocidOf("iad", "oc1", "evil.example"), "6 to 32 lower-case"],
  ["a vault with a slash", ocidOf("iad", "oc1", "evil/example"), "6 to 32 lower-case"],
  ["a vault with a dash", ocidOf("iad", "oc1", "vault-crypto"), "6 to 32 lower-case"],
  ["a vault with userinfo", ocidOf("iad", "oc1", "x@evilexample"), "6 to 32 lower-case"],
  ["a vault of 5 characters", ocidOf("iad", "oc1", "abcde"), "6 to 32 lower-case"],
  ["a vault of 33 characters", ocidOf("iad", "oc1", "a".repeat(33)), "6 to 32 lower-case"],
  ["no vault", ocidOf("iad", "oc1", ""), "6 to 32 lower-case"],
  ["an OCID without a vault", `ocid1.key.oc1.iad.${unique}`, "with a vault"],
  ["a last part of 59 characters", ocidOf("iad", "oc1", vault, "k".repeat(59)), "60 letters and digits"],
  ["a last part of 61 characters", ocidOf("iad", "oc1", vault, "k".repeat(61)), "60 letters and digits"],
  ["a further part", `${keyOcid}.x`, "60 letters and digits"],
  ["a query", `${keyOcid}?x`, "60 letters and digits"],
  ["a path upwards", `${keyOcid}/..`, "60 letters and digits"],
  ["a leading space", ` ${keyOcid}`, "got a space or a character"],
  ["a trailing line end", `${keyOcid}\n`, "got a space or a character"],
  ["a NUL", `${keyOcid}\0`, "got a space or a character"],
  ["a letter of another script", keyOcid.replace("key", "k\u0435y"), "got a space or a character"],
  ["digits of another script", ocidOf("iad", "oc\u0661"), "got a space or a character"],
  ["a key id alone", unique, "expected ocid1.key.REALM"],
  ["a URL", `https://${vault}-crypto.kms.us-ashburn-1.oraclecloud.com/`, "expected ocid1.key.REALM"],
  ["nothing", "", "expected ocid1.key.REALM"],
] as const;

/** The error's code and message, or undefined when it parses. */
function refusalOf(resource: string): { readonly code: KmsErrorCode; readonly message: string } | undefined {
  try {
    oci().open(resource);
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

describe("the OCID grammar", () => {
  it.each(accepted)("takes %s and reaches it at %s", (ocid, host) => {
    const parsed = parseKeyOcid(ocid);
    expect(parsed.ocid).toBe(ocid);
    expect(cloudEndpoints(parsed)).toEqual({
      crypto: `https://${host}`,
      management: `https://${host.replace("-crypto.", "-management.")}`,
    });
    expect(oci().open(ocid)).toMatchObject({ resource: ocid, resolved: true, namesVersion: true });
  });

  it.each(refused)("refuses %s and says what was expected", (_what, resource, detail) => {
    expect(refusalOf(resource)).toMatchObject({ code: "invalid-resource" });
    expect(refusalOf(resource)?.message).toContain(detail);
  });

  it("takes a changed OCID as it is, or refuses it with one code and without its characters of control", () => {
    const ocids = fc.constantFrom(...accepted.map(([ocid]) => ocid));
    const mutated = fc
      .record({
        ocid: ocids,
        at: fc.nat(120),
        drop: fc.nat(3),
        add: fc.oneof(fc.string({ unit: character, maxLength: 3 }), fc.string()),
      })
      .map(({ ocid, at, drop, add }) => ocid.slice(0, at) + add + ocid.slice(at + drop));
    fc.assert(
      fc.property(mutated, (resource) => {
        const refusal = refusalOf(resource);
        if (refusal !== undefined) return refusal.code === "invalid-resource" && /^[ -~]+$/.test(refusal.message);
        const parsed = parseKeyOcid(resource);
        const { hostname } = new URL(cloudEndpoints(parsed).management);
        const place = new RegExp(String.raw`^${parsed.vault}-management\.kms\.${parsed.region}(?:\.oci)?\.`);
        return parsed.ocid === resource && place.test(hostname) && hostname.endsWith(`.${parsed.realm.domain}`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the grammar of key versions", () => {
  // As in "Signing Function Images", Oracle's documentation of Functions: `ocid1.keyversion.oc1.phx.0.bbqehaq3aadfa.acy6…`.
  const old = `ocid1.keyversion.oc1.phx.0.bbqehaq3aadfa.${"v".repeat(60)}`;

  it.each([versionOcid, old, versionOcid.replace(".aumtmbmqgsiaa", ""), versionOcid.replace(".iad.", ".eu-frankfurt-1.")])(
    "takes %s",
    (version) => {
      expect(keyVersionGrammar.test(version)).toBe(true);
    },
  );

  it.each([
    keyOcid,
    "",
    "1",
    `${versionOcid}\n`,
    ` ${versionOcid}`,
    `${versionOcid}/..`,
    versionOcid.slice(0, -1),
    versionOcid.toUpperCase(),
    versionOcid.replace("aumtmbmqgsiaa", "aumtmbmqgsiaa.aumtmbmqgsiaa"),
    versionOcid.replace("aumtmbmqgsiaa", "../keys"),
    versionOcid.replace("aumtmbmqgsiaa", ""),
  ])("refuses %j", (version) => {
    expect(keyVersionGrammar.test(version)).toBe(false);
  });
});
