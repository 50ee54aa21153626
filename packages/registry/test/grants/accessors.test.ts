import { describe, expect, it } from "vitest";

import type { Accessors } from "../../src/accessors.ts";
import { checkAccessors } from "../../src/grants/check-accessors.ts";
import { grantsFor, missingGrant } from "../../src/grants/grants-for.ts";
import { isRegistryError } from "../../src/registry-error.ts";
import { accessors, requestFor, type KeyName } from "./requests.ts";

const clouds = [
  ["aws", "accessors.aws.principal"],
  ["gcp", "accessors.gcp.access_group"],
  ["vault", "accessors.azure.app_id"],
  ["oci", "accessors.oci.access_group and access_tenant"],
] as const satisfies readonly (readonly [KeyName, string])[];

const { access_group: group, access_tenant: tenancy } = accessors.oci;
const arn = "arn:aws:iam::111122223333";

/** What no grant may name: whole crowds, and what would end a string. */
const wrong: readonly (readonly [KeyName, Accessors])[] = [
  ...["", "*", `${arn}:root`, "111122223333", `${arn}:role/`, `${arn}:role/a b`, `${arn}:role/a"b`, `${arn}:role/a\nb`].map(
    (principal) => ["aws", { aws: { principal } }] as const,
  ),
  ...[
    "",
    "crm",
    "allUsers",
    "allAuthenticatedUsers",
    "domain:example.com",
    "example.com",
    "user:a@example.com",
    "principalSet://x@example.com",
    "a@b",
    "a'b@example.com",
    "a@example.com\n",
    "a@example.com --role=roles/owner",
  ].map((access_group) => ["gcp", { gcp: { access_group } }] as const),
  ...["", "crm", `${accessors.azure.app_id}0`, `${accessors.azure.app_id}\n`, "$(id)"].map(
    (app_id) => ["vault", { azure: { app_id } }] as const,
  ),
  ...["", "Administrators", "any-user", "ocid1.user.oc1..aaaa", "ocid1.group.oc1..a'b", `${group} `].map(
    (access_group) => ["oci", { oci: { access_group, access_tenant: tenancy } }] as const,
  ),
  ...["", "acme", "ocid1.compartment.oc1..aaaa", `${tenancy}\nAllow any-user to manage all-resources in tenancy`].map(
    (access_tenant) => ["oci", { oci: { access_group: group, access_tenant } }] as const,
  ),
];

function refusalOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a grant", () => {
  it.each(clouds)("for a key of %s says what to configure where the deployment has no accessor", (key, setting) => {
    const request = requestFor(key, undefined, { accessors: {} });
    for (const run of [() => grantsFor(request), () => missingGrant(request, { phase: "describe", operation: "describe" })]) {
      const error = refusalOf(run);
      expect(isRegistryError(error) && error.code).toBe("invalid-request");
      expect(error).toHaveProperty("message", expect.stringContaining(`configure ${setting}`));
    }
  });

  it("is refused for an accessor that is none, without repeating it", () => {
    for (const [key, given] of wrong) {
      for (const run of [() => grantsFor(requestFor(key, "rsa", { accessors: given })), () => checkAccessors(given)]) {
        const error = refusalOf(run);
        expect([given, isRegistryError(error) && error.code]).toEqual([given, "invalid-request"]);
      }
    }
  });

  it("is refused for local keys, and for providers that it does not know", () => {
    for (const provider of ["local", "ibm", "constructor", "__proto__"]) {
      const error = refusalOf(() => grantsFor(requestFor("aws", "rsa", { cmk: { provider, resource: "local:test" } })));
      expect(error).toMatchObject({
        code: "invalid-request",
        message: "only keys of aws, gcp, azure, oci are granted by their owners",
      });
    }
  });

  it("is refused for a resource that is none of its cloud", () => {
    const resources = [
      "",
      "alias/crm",
      "$(id)",
      "'; rm -rf /",
      "arn:aws:s3:::bucket",
      "https://example.com/x",
      "projects/p/$(id)",
    ];
    for (const [key] of clouds) {
      const { cmk } = requestFor(key, "rsa");
      for (const resource of [...resources, `${cmk.resource}'`, `${cmk.resource}\n`, `${cmk.resource} x`, `x${cmk.resource}`]) {
        const error = refusalOf(() => grantsFor(requestFor(key, "rsa", { cmk: { ...cmk, resource } })));
        expect([resource, isRegistryError(error) && error.code]).toEqual([resource, "invalid-request"]);
      }
    }
  });
});

describe("accessors", () => {
  it("pass when each can be named by a grant, and when there are none", () => {
    expect(() => checkAccessors(accessors)).not.toThrow();
    expect(() => checkAccessors({})).not.toThrow();
  });
});
