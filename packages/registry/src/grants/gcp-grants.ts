import type { Grant, GrantRequest } from "../grant.ts";
import { RegistryError } from "../registry-error.ts";
import { gcpMember } from "./check-accessors.ts";
import type { CloudGrants } from "./cloud-grants.ts";
import { grantName } from "./grant-name.ts";
import { hclBlock, hclList, hclString } from "./hcl.ts";
import type { KeyUse } from "./key-use.ts";
import { shellQuoted } from "./shell-quoted.ts";

interface GcpRequest {
  /** The key's name without a version: versions have no policy of their own. */
  readonly key: string;
  readonly version: string | undefined;
  readonly member: string;
}

/** Bindings of predefined roles on the key. They add nothing to it beyond what cmkit calls, but listing its versions. */
export const gcpGrants: CloudGrants = {
  grants(request, uses) {
    const gcp = gcpRequest(request);
    const roles = rolesFor(uses);
    return [gcloud(gcp, roles), terraform(gcp, roles, grantName(request, uses))];
  },
  permission(request, use) {
    return permissionsFor(gcpRequest(request), request.kind, use)
      .map((permission) => `cloudkms.${permission}`)
      .join(" and ");
  },
};

const part = "[A-Za-z0-9_.:-]+";
const keyName = new RegExp(
  `^(projects/${part}/locations/${part}/keyRings/${part}/cryptoKeys/${part})(?:/cryptoKeyVersions/([0-9]+))?$`,
);
function gcpRequest({ cmk, accessors }: GrantRequest): GcpRequest {
  const member = gcpMember(accessors);
  const [, key, version] = keyName.exec(cmk.resource) ?? [];
  if (key === undefined) throw new RegistryError("invalid-request", "expected the name of a key in Cloud KMS");
  return { key, version, member };
}

// https://cloud.google.com/kms/docs/reference/permissions-and-roles
function rolesFor(uses: readonly KeyUse[]): readonly string[] {
  const wraps = uses.includes("generate") || uses.includes("wrap");
  const crypto = [...(wraps ? ["Encrypter"] : []), ...(uses.includes("unwrap") ? ["Decrypter"] : [])].join("");
  return [
    ...(uses.includes("describe") ? ["viewer"] : []),
    ...(uses.includes("public-key") ? ["publicKeyViewer"] : []),
    ...(crypto === "" ? [] : [`cryptoKey${crypto}`]),
  ].map((role) => `roles/cloudkms.${role}`);
}

function permissionsFor({ version }: GcpRequest, kind: GrantRequest["kind"], use: KeyUse): readonly string[] {
  if (use === "public-key") return ["cryptoKeyVersions.viewPublicKey"];
  if (use === "generate" || use === "wrap") return ["cryptoKeyVersions.useToEncrypt"];
  if (use === "unwrap") return ["cryptoKeyVersions.useToDecrypt"];
  if (version !== undefined) return ["cryptoKeyVersions.get"];
  // RSA keys have no primary version: one is chosen from the list.
  return kind === "rsa" ? ["cryptoKeys.get", "cryptoKeyVersions.list"] : ["cryptoKeys.get"];
}

function gcloud({ key, member }: GcpRequest, roles: readonly string[]): Grant {
  const bind = 'gcloud kms keys add-iam-policy-binding "$KEY" --member="$MEMBER" --condition=None';
  const bindings = roles.map((role) => `${bind} --role=${role}\n`).join("");
  const text = `KEY=${shellQuoted(key)}\nMEMBER=${shellQuoted(member)}\n${bindings}`;
  return { form: "gcloud", title: "gcloud: roles on the key", language: "sh", text };
}

function terraform({ key, member }: GcpRequest, roles: readonly string[], name: string): Grant {
  const block = hclBlock(`resource "google_kms_crypto_key_iam_member" "${name}"`, {
    for_each: `toset(${hclList(roles)})`,
    crypto_key_id: hclString(key),
    role: "each.value",
    member: hclString(member),
  });
  return { form: "terraform", title: "Terraform: roles on the key", language: "hcl", text: `${block}\n` };
}
