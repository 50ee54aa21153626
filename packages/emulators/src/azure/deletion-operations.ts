import type { Operation } from "./call.ts";
import { refusals } from "./errors.ts";
import { deletedKeyBundle, keyBundle } from "./key-bundle.ts";
import { currentVersion, deleteKey as deleteSoftly } from "./vault-key.ts";

const deleteKey: Operation = ({ store, vault, name, nowMs }) => {
  const key = store.live(vault, name);
  return deletedKeyBundle(key, deleteSoftly(key, nowMs));
};

const getDeletedKey: Operation = ({ store, vault, name }) => {
  const { key, deletion } = store.deleted(vault, name);
  return deletedKeyBundle(key, deletion);
};

// Every version comes back as it was.
const recoverDeletedKey: Operation = ({ store, vault, name }) => {
  const { key } = store.deleted(vault, name);
  key.deletion = undefined;
  return keyBundle(key, currentVersion(key));
};

const purgeDeletedKey: Operation = ({ store, vault, name }) => {
  const { key } = store.deleted(vault, name);
  if (vault.purgeProtection) throw refusals.purgeProtected(vault.name);
  store.purge(key);
  return undefined;
};

/** The operations that delete, and those on deleted keys. */
export const deletionOperations: Readonly<
  Record<"DeleteKey" | "GetDeletedKey" | "RecoverDeletedKey" | "PurgeDeletedKey", Operation>
> = {
  DeleteKey: deleteKey,
  GetDeletedKey: getDeletedKey,
  RecoverDeletedKey: recoverDeletedKey,
  PurgeDeletedKey: purgeDeletedKey,
};
