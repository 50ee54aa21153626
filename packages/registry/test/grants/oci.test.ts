import { describe, expect, it } from "vitest";

import { grantsFor } from "../../src/grants/grants-for.ts";
import { hclBlocks } from "./hcl-text.ts";
import { accessors, grantText, keys, requestFor, textOf } from "./requests.ts";

const onKey = `in tenancy where target.key.id = '${keys.oci.resource}'`;
const { access_group: group, access_tenant: tenancy } = accessors.oci;

// https://docs.oracle.com/iaas/Content/Identity/Concepts/policysyntax.htm and …/policieshow/iam-cross-domain.htm, cut down
// to what grants may have.
const ocid = String.raw`ocid1\.[a-z]+\.[a-z0-9]+\.[a-z0-9-]*\.(?:[a-z0-9]+\.)?[a-z0-9]+`;
const name = "[A-Za-z][A-Za-z0-9_-]*";
const permissions = String.raw`\{KEY_[A-Z]+(?:, KEY_[A-Z]+)*\}`;
const where = `in tenancy where target\\.key\\.id = '${ocid}'`;
const groupType = "(?:group|dynamic-group)";
const statement = new RegExp(
  `^(?:${[
    `Define tenancy ${name} as ${ocid}`,
    `Define ${groupType} ${name} as ${ocid}`,
    `Admit ${groupType} ${name} of tenancy ${name} to ${permissions} ${where}`,
    `Allow ${groupType} id ${ocid} to ${permissions} ${where}`,
    `Endorse ${groupType} id ${ocid} to ${permissions} in any-tenancy`,
  ].join("|")})$`,
);

describe("policies for OCI", () => {
  it("admit the operator's group where the customer has a tenancy of its own", () => {
    expect(grantText("oci-policy-cross-tenancy", "oci", "symmetric")).toBe(
      `Define tenancy CmkitOperator as ocid1.tenancy.oc1..aaaaoperator
Define group CmkitAccessors as ocid1.group.oc1..aaaaoperators
Admit group CmkitAccessors of tenancy CmkitOperator to {KEY_READ, KEY_ENCRYPT, KEY_DECRYPT} in tenancy where target.key.id = 'ocid1.key.oc1.eu-frankfurt-1.bexamplevault.abexamplekeyexamplekeyexamplekeyexamplekeyexamplekeyexample2'
`,
    );
  });

  it.each([
    ["symmetric", "{KEY_READ, KEY_ENCRYPT, KEY_DECRYPT}"],
    ["rsa", "{KEY_READ, KEY_DECRYPT}"],
    [undefined, "{KEY_READ, KEY_ENCRYPT, KEY_DECRYPT}"],
  ] as const)("give a key of kind %s the permissions that it needs, and no other", (kind, needed) => {
    expect(grantText("oci-policy", "oci", kind)).toBe(`Allow group id ${group} to ${needed} ${onKey}\n`);
    expect(grantText("oci-policy-cross-tenancy", "oci", kind).split("\n").slice(0, 3)).toEqual([
      `Define tenancy CmkitOperator as ${tenancy}`,
      `Define group CmkitAccessors as ${group}`,
      `Admit group CmkitAccessors of tenancy CmkitOperator to ${needed} ${onKey}`,
    ]);
  });

  it("have the operator endorse its group once, for keys of both kinds", () => {
    for (const kind of ["rsa", "symmetric", undefined] as const) {
      expect(grantText("oci-policy-endorse", "oci", kind)).toBe(
        `Endorse group id ${group} to {KEY_READ, KEY_ENCRYPT, KEY_DECRYPT} in any-tenancy\n`,
      );
    }
  });

  it("speak of a dynamic group where the accessor is one", () => {
    const access_group = "ocid1.dynamicgroup.oc1..aaaacrm";
    const dynamic = { oci: { access_group, access_tenant: tenancy } };
    const text = grantsFor(requestFor("oci", "rsa", { accessors: dynamic }));
    expect(textOf(text, "oci-policy")).toContain(`Allow dynamic-group id ${access_group} to `);
    expect(textOf(text, "oci-policy-endorse")).toContain(`Endorse dynamic-group id ${access_group} to `);
    const admit = textOf(text, "oci-policy-cross-tenancy");
    expect(admit).toContain(`Define dynamic-group CmkitAccessors as ${access_group}\n`);
    expect(admit).toContain("Admit dynamic-group CmkitAccessors of tenancy CmkitOperator to ");
  });

  it("are statements of OCI's grammar, in Terraform too, where they are the same", async () => {
    for (const [policy, terraform] of [
      ["oci-policy", "terraform-same-tenancy"],
      ["oci-policy-cross-tenancy", "terraform"],
    ] as const) {
      const statements = grantText(policy, "oci", "symmetric").trimEnd().split("\n");
      for (const line of statements) expect(line).toMatch(statement);
      const blocks = await hclBlocks(grantText(terraform, "oci", "symmetric"));
      const [resource = "", variable = ""] = Object.keys(blocks).sort();
      expect(blocks[resource]).toMatchObject({ statements, compartment_id: `\${${variable.replace("variable", "var")}}` });
    }
    expect(grantText("oci-policy-endorse", "oci", "symmetric").trimEnd()).toMatch(statement);
  });
});
