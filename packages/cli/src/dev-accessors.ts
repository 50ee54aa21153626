import type { Accessors } from "@cmkit/registry";

import type { DevSeeds } from "./dev-seed.ts";

/** Whom customers would grant access in a `cmkit dev`: whoever its throw-away credentials are, so that grants can be tried. */
export function devAccessors({ aws, gcp, azure, oci }: DevSeeds): Accessors {
  const [user, account, application, signer] = [aws.principals[0], gcp.principals[0], azure.principals[0], oci.principals[0]];
  return {
    ...(user && { aws: { principal: user.arn } }),
    ...(account && { gcp: { access_group: account.email } }),
    ...(application && { azure: { app_id: application.appId } }),
    // The emulator has no groups: this one is made up.
    ...(signer && { oci: { access_group: groupOf(signer.tenancy), access_tenant: signer.tenancy } }),
  };
}

function groupOf(tenancy: string): string {
  return tenancy.replace(/^ocid1\.tenancy\./, "ocid1.group.");
}
