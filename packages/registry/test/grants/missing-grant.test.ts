import type { DriverOperation, KeyKind } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import type { CheckPhase } from "../../src/cmk-record.ts";
import type { Grant } from "../../src/grant.ts";
import { grantsFor, missingGrant } from "../../src/grants/grants-for.ts";
import { allRequests, requestFor, textOf, type KeyName } from "./requests.ts";

type Row = readonly [KeyName, KeyKind | undefined, CheckPhase, permission: string | undefined];

const vaultKeys = "Microsoft.KeyVault/vaults/keys";
const hsmKeys = "Microsoft.KeyVault/managedHsm/keys";

const rows: readonly Row[] = [
  ["aws", undefined, "describe", "kms:DescribeKey"],
  ["aws", "rsa", "describe", "kms:DescribeKey"],
  ["aws", "rsa", "public-key", "kms:GetPublicKey"],
  ["aws", "rsa", "wrap", "kms:Decrypt"],
  ["aws", "rsa", "unwrap", "kms:Decrypt"],
  ["aws", "symmetric", "wrap", "kms:Encrypt"],
  ["aws", "symmetric", "unwrap", "kms:Decrypt"],
  ["aws", "symmetric", "context", "kms:Decrypt"],
  ["aws", undefined, "unwrap", "kms:Decrypt"],
  ["gcp", undefined, "describe", "cloudkms.cryptoKeys.get"],
  ["gcp", "symmetric", "describe", "cloudkms.cryptoKeys.get"],
  ["gcp", "rsa", "describe", "cloudkms.cryptoKeys.get and cloudkms.cryptoKeyVersions.list"],
  ["gcpVersion", "rsa", "describe", "cloudkms.cryptoKeyVersions.get"],
  ["gcpVersion", undefined, "describe", "cloudkms.cryptoKeyVersions.get"],
  ["gcp", "rsa", "public-key", "cloudkms.cryptoKeyVersions.viewPublicKey"],
  ["gcp", "rsa", "unwrap", "cloudkms.cryptoKeyVersions.useToDecrypt"],
  ["gcp", "symmetric", "wrap", "cloudkms.cryptoKeyVersions.useToEncrypt"],
  ["gcp", "symmetric", "unwrap", "cloudkms.cryptoKeyVersions.useToDecrypt"],
  ["vault", undefined, "describe", `${vaultKeys}/read, or get in an access policy`],
  ["vault", "rsa", "public-key", `${vaultKeys}/read, or get in an access policy`],
  ["vault", "rsa", "unwrap", `${vaultKeys}/unwrap/action, or unwrapKey in an access policy`],
  ["vault", "symmetric", "wrap", `${vaultKeys}/encrypt/action, or encrypt in an access policy`],
  ["hsm", undefined, "describe", `${hsmKeys}/read/action`],
  ["hsm", "rsa", "unwrap", `${hsmKeys}/unwrap/action`],
  ["hsm", "symmetric", "wrap", `${hsmKeys}/encrypt/action`],
  ["hsm", "symmetric", "unwrap", `${hsmKeys}/decrypt/action`],
  ["oci", undefined, "describe", "KEY_READ"],
  ["oci", "rsa", "public-key", "KEY_READ"],
  ["oci", "rsa", "unwrap", "KEY_DECRYPT"],
  ["oci", "symmetric", "wrap", "KEY_ENCRYPT"],
  ["oci", "symmetric", "unwrap", "KEY_DECRYPT"],
  ["aws", "symmetric", "public-key", undefined],
  ["oci", "symmetric", "done", undefined],
  ["gcp", "rsa", "done", undefined],
];

/** What a text allows, in the cloud's words. */
const wordsIn = (text: string): readonly string[] => [
  ...new Set(
    text.match(
      /kms:[A-Z]\w+|\b(?:DescribeKey|GetPublicKey|GenerateDataKey|Encrypt|Decrypt)\b|roles\/[\w.]+|Microsoft\.KeyVault\/(?:vaults|managedHsm)\/keys\/[\w/]+|KEY_[A-Z]+/g,
    ) ?? [],
  ),
];

const operations: Readonly<Record<CheckPhase, DriverOperation>> = {
  describe: "describe",
  "public-key": "publicKey",
  wrap: "wrap",
  unwrap: "unwrap",
  context: "unwrap",
  done: "unwrap",
};

/** A check that was refused in this phase, while it asked for what the phase is named after. */
const refusedIn = (phase: CheckPhase): Parameters<typeof missingGrant>[1] => ({ phase, operation: operations[phase] });

describe("what is missing", () => {
  it("to make data keys is another permission of AWS than to wrap those that exist, and the same one elsewhere", () => {
    const generating = { phase: "wrap", operation: "generateDataKey" } as const;
    expect(missingGrant(requestFor("aws", "symmetric"), generating)?.permission).toBe("kms:GenerateDataKey");
    for (const key of ["gcp", "vault", "hsm", "oci"] as const) {
      const { permission } = missingGrant(requestFor(key, "symmetric"), refusedIn("wrap")) ?? {};
      expect(missingGrant(requestFor(key, "symmetric"), generating)?.permission).toBe(permission);
    }
  });

  it.each(rows)("for %s (%s) at %s is %s", (key, kind, phase, permission) => {
    expect(missingGrant(requestFor(key, kind), refusedIn(phase))?.permission).toBe(permission);
  });

  it("is added by a grant in each form of the whole one, which allows that and nothing else of it", () => {
    for (const request of allRequests) {
      const whole = grantsFor(request);
      for (const phase of ["describe", "public-key", "wrap", "unwrap", "context"] as const) {
        const missing = missingGrant(request, refusedIn(phase));
        if (missing === undefined) continue;
        expect(missing.grants).not.toHaveLength(0);
        for (const { form, text } of missing.grants) {
          const all = wordsIn(textOf(whole, form));
          for (const word of wordsIn(text)) {
            // A role of its own, which a whole grant has within another.
            expect([...all, "roles/cloudkms.cryptoKeyEncrypter", "roles/cloudkms.cryptoKeyDecrypter"]).toContain(word);
          }
        }
      }
    }
  });

  const added = (key: KeyName, kind: KeyKind, phase: CheckPhase, form: string): readonly string[] => {
    const grants: readonly Grant[] = missingGrant(requestFor(key, kind), refusedIn(phase))?.grants ?? [];
    return wordsIn(textOf(grants, form));
  };

  it("is one thing in forms that add", () => {
    expect(added("aws", "symmetric", "unwrap", "aws-key-policy")).toEqual(["kms:Decrypt", "kms:EncryptionContext"]);
    expect(added("aws", "rsa", "describe", "aws-cli")).toEqual(["DescribeKey"]);
    expect(added("aws", "symmetric", "unwrap", "terraform")).toEqual(["Decrypt"]);
    expect(added("gcp", "symmetric", "wrap", "gcloud")).toEqual(["roles/cloudkms.cryptoKeyEncrypter"]);
    expect(added("gcp", "symmetric", "unwrap", "terraform")).toEqual(["roles/cloudkms.cryptoKeyDecrypter"]);
    expect(added("vault", "rsa", "unwrap", "az-rbac")).toEqual([`${vaultKeys}/unwrap/action`]);
    expect(added("hsm", "symmetric", "describe", "az-managed-hsm")).toEqual([`${hsmKeys}/read/action`]);
    expect(added("oci", "symmetric", "wrap", "oci-policy")).toEqual(["KEY_ENCRYPT"]);
  });

  it("is nothing that is there already: whom a role trusts, and what the operator endorses", () => {
    const forms = (["aws", "oci"] as const).flatMap((key) =>
      (missingGrant(requestFor(key, "rsa"), refusedIn("unwrap"))?.grants ?? []).map(({ form }) => form),
    );
    expect(forms).toContain("aws-role-permissions");
    for (const there of ["aws-role-trust", "oci-policy-endorse"]) expect(forms).not.toContain(there);
  });

  it("is everything in an access policy: setting one takes away what it does not name", () => {
    const grants = missingGrant(requestFor("vault", "rsa"), refusedIn("unwrap"))?.grants ?? [];
    expect(textOf(grants, "az-access-policy")).toContain(" --key-permissions get unwrapKey\n");
    expect(textOf(grants, "terraform-access-policy")).toContain('["Get", "UnwrapKey"]');
  });

  it("has a name of its own: what was granted before stays as it is", () => {
    const name = (text: string): string | undefined => /cmkit[0-9a-f]{8}/.exec(text)?.[0];
    for (const key of ["aws", "gcp", "vault", "hsm", "oci"] as const) {
      const whole = textOf(grantsFor(requestFor(key, "rsa")), "terraform");
      const missing = textOf(missingGrant(requestFor(key, "rsa"), refusedIn("unwrap"))?.grants ?? [], "terraform");
      expect(name(missing)).not.toBe(name(whole));
    }
  });
});
