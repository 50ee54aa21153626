import { beforeAll, describe, expect, it } from "vitest";

import { checkAccess } from "../../src/check-access.ts";
import type { Grant, GrantRequest } from "../../src/grant.ts";
import { grantsFor, missingGrant } from "../../src/grants/grants-for.ts";
import { awsCustomer, azureCustomer, formFor, gcpCustomer, ociCustomer, type Customer } from "./customers.ts";
import { textOf } from "./requests.ts";

const project = `it's "acme"`;
const clouds = [
  { cloud: "AWS", start: awsCustomer },
  { cloud: "GCP", start: gcpCustomer },
  { cloud: "Azure", start: azureCustomer },
  { cloud: "OCI", start: ociCustomer },
] as const;

describe.each(clouds)("a customer at $cloud's emulator", ({ start }) => {
  let customer: Customer;

  beforeAll(async () => {
    customer = await start();
    // Loads the cloud's SDK, which on a busy machine would use up the first check's time.
    await customer.kms
      .open(await customer.key("symmetric", []))
      .describe({ timeoutMs: 60_000 })
      .catch(() => undefined);
    return async () => {
      await customer.kms.close();
      await customer.close();
    };
  }, 60_000);

  const allowedBy = (grants: readonly Grant[], resource: string): readonly string[] =>
    customer.permissionsIn(textOf(grants, formFor(customer.form, resource)));

  describe.each(["symmetric", "rsa"] as const)("with a %s key", (kind) => {
    const requestFor = async (known: GrantRequest["kind"], pasted: readonly (readonly Grant[])[]): Promise<GrantRequest> => {
      const cmk = await customer.key(kind, pasted);
      return { project, cmk, kind: known, accessors: customer.accessors, externalId: "cmkit-1" };
    };

    it.each([kind, undefined])("has a key that works after pasting the grant for kind %s", async (known) => {
      const grants = grantsFor(await requestFor(known, []));
      const { cmk } = await requestFor(known, [grants]);
      expect(await checkAccess(customer.kms, cmk, project)).toMatchObject({ phase: "done", code: "ok" });
    });

    it("gets there by what each check says is missing, and ends with what the whole grant allows", async () => {
      const pasted: (readonly Grant[])[] = [];
      const named: string[] = [];
      let request = await requestFor(undefined, pasted);
      for (;;) {
        const { phase, operation, code, description } = await checkAccess(customer.kms, request.cmk, project);
        if (phase === "done") break;
        expect(["access-denied", "key-not-found"]).toContain(code);
        const missing = missingGrant({ ...request, kind: description?.kind }, { phase, operation });
        if (missing === undefined) throw new TypeError(`expected something to be missing at ${phase}`);
        // What was pasted once helps: no check asks for it again.
        expect(named).not.toContain(missing.permission);
        named.push(missing.permission);
        pasted.push(missing.grants);
        request = await requestFor(undefined, pasted);
      }
      const { resource } = request.cmk;
      const whole = allowedBy(grantsFor({ ...request, kind }), resource);
      const inAll = [...new Set(pasted.flatMap((grants) => allowedBy(grants, resource)))];
      const optional = "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action";
      expect(inAll.toSorted()).toEqual([...new Set(whole)].filter((permission) => permission !== optional).toSorted());
      for (const permission of named.flatMap((text) => text.split(/, or .*| and /)).filter((text) => text !== "")) {
        expect(inAll).toContain(permission);
      }
    });
  });
});
