import { isKmsError, KmsError, type Cmk, type Kms } from "@cmkit/core";

import type { RegistryParts } from "./registry-parts.ts";
import { refuseForeign } from "./rules.ts";
import type { RegistryWrites } from "./store.ts";

/** The key itself, under the name that all of its versions share. */
export function keyOf(kms: Kms, cmk: Cmk): Cmk {
  return { provider: cmk.provider, resource: kms.open(cmk).keyResource };
}

/**
 * No row holds on to what the operator's alias names: once it named another key, data keys under the one before would be found
 * no more, neither to be opened nor to be counted. A provider whose adapter is absent cannot say what is an alias.
 *
 * @throws {KmsError} `invalid-resource`
 */
export function refuseOperatorsAlias(kms: Kms, operatorCmk: Cmk): void {
  const { provider } = operatorCmk;
  try {
    if (kms.open(operatorCmk).resolved) return;
  } catch (error) {
    if (isKmsError(error) && error.code === "adapter-missing") return;
    throw error;
  }
  const detail = "operatorCmk must name the key itself, by its ARN: an alias may come to name another key";
  throw new KmsError("invalid-resource", { provider, detail });
}

/** Whether it is the CMK that serves projects without one. */
export function isOperatorsKey({ kms, options: { operatorCmk } }: RegistryParts, { provider, resource }: Cmk): boolean {
  if (operatorCmk === undefined) return false;
  const { cmk } = kms.open(operatorCmk);
  return cmk.provider === provider && cmk.resource === resource;
}

/**
 * Registering a key proves no ownership: one that another project has, or that is the operator's own, is refused, whichever
 * version its name ends in. Locks the key until the transaction ends.
 *
 * @throws {KmsError} `access-denied`
 */
export async function refuseOthersKey(parts: RegistryParts, tx: RegistryWrites, project: string, cmk: Cmk): Promise<void> {
  const {
    kms,
    options: { operatorCmk, sharedResources = false },
  } = parts;
  const key = keyOf(kms, cmk);
  await tx.lockResource(key);
  const isOperators = operatorCmk?.provider === key.provider && keyOf(kms, operatorCmk).resource === key.resource;
  const users = [...(await tx.projectsUsing(key)), ...(isOperators ? [operator] : [])];
  refuseForeign(users, project, key.provider, sharedResources);
}

/** No project can have this name. */
const operator = "";
