import type { Cmk } from "@cmkit/core";

import type { RegistryParts } from "./registry-parts.ts";
import { refuseForeign } from "./rules.ts";
import type { RegistryWrites } from "./store.ts";

/** Whether it is the key that serves projects without one. An alias counts once this process has resolved it. */
export function isOperatorsKey({ kms, options: { operatorCmk } }: RegistryParts, { provider, resource }: Cmk): boolean {
  if (operatorCmk === undefined) return false;
  const { cmk } = kms.open(operatorCmk);
  return cmk.provider === provider && cmk.resource === resource;
}

/**
 * Registering a key proves no ownership: one that another project has, or that is the operator's own, is refused. Locks the
 * resource until the transaction ends.
 *
 * @throws {KmsError} `access-denied`
 */
export async function refuseOthersKey(parts: RegistryParts, tx: RegistryWrites, project: string, cmk: Cmk): Promise<void> {
  await tx.lockResource(cmk);
  const { sharedResources = false } = parts.options;
  const others = isOperatorsKey(parts, cmk) ? [operator] : [];
  refuseForeign([...(await tx.projectsUsing(cmk)), ...others], project, cmk.provider, sharedResources);
}

/** No project can have this name. */
const operator = "";
