import { type OciCall, type Operation, reaches } from "./call.ts";
import { wrappingKeyOcid } from "./ocid.ts";
import { type Listed, pageOf } from "./page.ts";
import { refusals } from "./service-refusal.ts";
import type { Vault } from "./vault-key.ts";

function summary({ url }: OciCall, vault: Vault): Listed {
  return {
    compartmentId: vault.compartmentId,
    // Both are the emulator itself: the paths of its vaults' endpoints do not collide.
    cryptoEndpoint: url,
    managementEndpoint: url,
    displayName: vault.displayName,
    id: vault.id,
    lifecycleState: "ACTIVE",
    timeCreated: new Date(vault.createdAtMs).toISOString(),
    vaultType: "DEFAULT",
  };
}

const getVault: Operation = (call) => {
  const vault = call.store.vaults().find(({ id }) => id === call.params["vaultId"]);
  if (vault === undefined || !reaches(call, vault, vault.compartmentId)) throw refusals.notFound();
  return {
    body: { ...summary(call, vault), wrappingkeyId: wrappingKeyOcid(vault.id, vault.place), isPrimary: true },
  };
};

const listVaults: Operation = (call) => {
  const compartmentId = call.query.get("compartmentId");
  if (compartmentId === null) throw refusals.missing("compartmentId");
  const vaults = call.store
    .vaults()
    .filter((vault) => vault.compartmentId === compartmentId && reaches(call, vault, compartmentId));
  return pageOf(
    vaults.map((vault) => summary(call, vault)),
    call.query,
  );
};

/** The operations on vaults. */
export const vaultOperations: Readonly<Record<string, Operation>> = { GetVault: getVault, ListVaults: listVaults };
