import type { Grant, GrantRequest } from "../grant.ts";
import { RegistryError } from "../registry-error.ts";
import { ociAccessor, type OciAccessor } from "./check-accessors.ts";
import type { CloudGrants } from "./cloud-grants.ts";
import { grantName } from "./grant-name.ts";
import { hclBlock, hclLines, hclString } from "./hcl.ts";
import { usesOf, type KeyUse } from "./key-use.ts";

interface OciRequest extends OciAccessor {
  readonly key: string;
}

/** Policy statements: for a key in the operator's own tenancy, and for one in another, where either side has its own. */
export const ociGrants: CloudGrants = {
  grants(request, uses, missing) {
    const oci = ociRequest(request);
    const permissions = braced(uses);
    const name = grantName(request, uses);
    const admit = admitStatements(oci, permissions);
    const allow = [`Allow ${oci.groupType} id ${oci.group} to ${permissions} ${onKey(oci)}`];
    return [
      policy("oci-policy-cross-tenancy", "Policy in your root compartment, where your tenancy is not the operator's", admit),
      terraform("terraform", "Terraform: the policy, where your tenancy is not the operator's", admit, name),
      ...(missing ? [] : [endorsement(oci)]),
      policy("oci-policy", "Policy in the root compartment, where the key is in the operator's own tenancy", allow),
      terraform("terraform-same-tenancy", "Terraform: the policy, where the key is in the operator's own tenancy", allow, name),
    ];
  },
  permission(_request, use) {
    return permissionOf[use];
  },
};

// By name, because `use keys` adds KEY_EXPORT, KEY_SIGN and KEY_VERIFY: whoever may export a key needs no vault any more.
// https://docs.oracle.com/iaas/Content/Identity/Reference/keypolicyreference.htm
const permissionOf: Readonly<Record<KeyUse, string>> = {
  describe: "KEY_READ",
  "public-key": "KEY_READ",
  generate: "KEY_ENCRYPT",
  wrap: "KEY_ENCRYPT",
  unwrap: "KEY_DECRYPT",
};

function braced(uses: readonly KeyUse[]): string {
  return `{${[...new Set(uses.map((use) => permissionOf[use]))].join(", ")}}`;
}

// No quotes, spaces or braces pass: nothing can leave its place in a statement.
const keyOcid = /^ocid1\.key(?:\.[a-z0-9-]+){4}$/;

function ociRequest({ cmk, accessors }: GrantRequest): OciRequest {
  const accessor = ociAccessor(accessors);
  if (!keyOcid.test(cmk.resource)) throw new RegistryError("invalid-request", "expected the OCID of a key in OCI Vault");
  return { ...accessor, key: cmk.resource };
}

// The OCID says which key and not which compartment, which the condition makes needless.
function onKey({ key }: OciRequest): string {
  return `in tenancy where target.key.id = '${key}'`;
}

// https://docs.oracle.com/iaas/Content/Identity/policieshow/iam-cross-domain.htm
function admitStatements(oci: OciRequest, permissions: string): readonly string[] {
  return [
    `Define tenancy CmkitOperator as ${oci.tenancy}`,
    `Define ${oci.groupType} CmkitAccessors as ${oci.group}`,
    `Admit ${oci.groupType} CmkitAccessors of tenancy CmkitOperator to ${permissions} ${onKey(oci)}`,
  ];
}

/** For keys of both kinds: one statement serves all customers, each of whom admits what its key needs. */
function endorsement({ group, groupType }: OciRequest): Grant {
  return policy("oci-policy-endorse", "Policy in the operator's root compartment, once for all customers", [
    `Endorse ${groupType} id ${group} to ${braced(usesOf(undefined))} in any-tenancy`,
  ]);
}

function policy(form: string, title: string, statements: readonly string[]): Grant {
  return { form, title, language: "text", text: `${statements.join("\n")}\n` };
}

function terraform(form: string, title: string, statements: readonly string[], name: string): Grant {
  const variable = hclBlock(`variable "${name}_tenancy"`, {
    type: "string",
    description: '"OCID of the tenancy that has the key: its root compartment"',
  });
  const resource = hclBlock(
    `resource "oci_identity_policy" "${name}"`,
    {
      compartment_id: `var.${name}_tenancy`,
      name: hclString(name),
      description: '"cmkit wraps and unwraps data keys with this key"',
    },
    [hclLines("statements", statements)],
  );
  return { form, title, language: "hcl", text: `${variable}\n\n${resource}\n` };
}
