import { KmsError, type DataKeyStore, type Envelope, type EnvelopeCmk, type KmsErrorCode } from "@cmkit/core";
import { bindContext, type EnvelopeGroup } from "@cmkit/core/store";

import { changeBalances } from "./balances.ts";
import type { CmkRecord } from "./cmk-record.ts";
import { isOperatorsKey } from "./own-keys.ts";
import { projectCmks } from "./project-cmks.ts";
import type { RegistryEnvelopeOptions } from "./registry.ts";
import { isRegistryError, type RegistryErrorCode } from "./registry-error.ts";
import type { RegistryParts } from "./registry-parts.ts";
import { acceptedCmks, defaultCmk, isCurrentWrap } from "./rules.ts";

/** What an envelope asks of the registry when a key or a project is used for the first time. */
export interface FirstUses {
  /** Gives a CMK with its alias resolved and its public key pinned. */
  readonly settle: (cmk: CmkRecord) => Promise<CmkRecord>;
  /** Gives a project its row: what goes through all projects must find it. */
  readonly enter: (project: string) => Promise<void>;
}

/**
 * An envelope whose CMKs are the registry's: new data keys go under the project's default; current and old CMKs open; data
 * keys live in the registry's store, which takes none under a key that is not current.
 */
export function registryEnvelope(
  parts: RegistryParts,
  group: EnvelopeGroup,
  uses: FirstUses,
  { service, cache, dataKeyLifetimeMs, dataKeyMessages, failover }: RegistryEnvelopeOptions,
): Envelope {
  const { kms, store, tags, options } = parts;
  const cmksOf = async (tenant: string): Promise<readonly CmkRecord[]> => projectCmks(store.reads, tags.cmk, tenant);
  return group.envelope({
    kms,
    service,
    recordKey: options.recordKey,
    // Whoever seals here may also open: the KMS must give back what is sealed with.
    confirm: "unwrap",
    cmk: async (tenant) => kmsErrors(async () => sealingCmk(parts, tenant, await cmksOf(tenant), uses)),
    accepted: async (tenant) => kmsErrors(async () => openingCmks(parts, await cmksOf(tenant), uses)),
    dataKeys: registryDataKeys(parts),
    ...(cache === undefined ? {} : { cache }),
    ...(dataKeyLifetimeMs === undefined ? {} : { dataKeyLifetimeMs }),
    ...(dataKeyMessages === undefined ? {} : { dataKeyMessages }),
    ...(failover === undefined ? {} : { failover }),
  });
}

async function sealingCmk(
  { options: { operatorCmk } }: RegistryParts,
  tenant: string,
  cmks: readonly CmkRecord[],
  { settle, enter }: FirstUses,
): Promise<EnvelopeCmk> {
  const chosen = defaultCmk(cmks);
  if (chosen !== undefined) {
    const { provider, canonical, pin } = await settle(chosen);
    return { provider, resource: canonical, ...(pin === null ? {} : { pin }) };
  }
  // A customer who ever brought a key never gets the operator's.
  if (cmks.length === 0 && operatorCmk !== undefined) {
    await enter(tenant);
    return operatorCmk;
  }
  throw new KmsError("no-default-key", { detail: "make one of the project's CMKs the default" });
}

/** The operator's CMK last: what a project had sealed before it brought its own key stays readable. */
function openingCmks(
  { options: { operatorCmk } }: RegistryParts,
  cmks: readonly CmkRecord[],
  { settle }: FirstUses,
): readonly EnvelopeCmk[] {
  for (const cmk of acceptedCmks(cmks)) {
    // The data keys that an alias opens count only once its row says what it names. Nobody waits for that.
    if (!cmk.resolved) settle(cmk).catch(() => {});
  }
  const own = acceptedCmks(cmks).map(({ provider, canonical }) => ({ provider, resource: canonical }));
  return operatorCmk === undefined ? own : [...own, operatorCmk];
}

/** The registry's data keys as core's envelope keeps them. */
function registryDataKeys(parts: RegistryParts): DataKeyStore {
  const { store, tags } = parts;
  return {
    add: async (record, { signal } = {}) =>
      kmsErrors(async () =>
        store.write(
          async (tx) => {
            const { tenant } = record.context;
            const [wrapped] = record.recipients;
            const { cmk, keyVersion } = wrapped;
            await tx.shareProject(tenant);
            const cmks = await projectCmks(tx, tags.cmk, tenant);
            const isOperators = cmks.length === 0 && isOperatorsKey(parts, cmk);
            if (!isOperators && !isCurrentWrap(cmks, wrapped)) throw new KmsError("key-retired", { provider: cmk.provider });
            const standing = await tx.addDataKey(record);
            // The first index key of a context stands: then none was made.
            if (standing === record) await changeBalances(tx, tags.balance, tenant, [{ cmk, keyVersion, made: 1 }]);
            return standing;
          },
          { project: record.context.tenant, signal },
        ),
      ),
    get: async (tenant, id) => kmsErrors(async () => store.reads.dataKey(tenant, id)),
    indexKey: async (context) => kmsErrors(async () => store.reads.indexKey(context.tenant, bindContext(context).key)),
  };
}

/** To those who seal and open, what is wrong with the registry is one of their own codes. */
async function kmsErrors<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    throw new KmsError(kmsCodes[error.code] ?? "bad-answer", { detail: `in the registry: ${error.message}`, cause: error });
  }
}

const kmsCodes: Partial<Record<RegistryErrorCode, KmsErrorCode>> = {
  "store-unavailable": "unavailable",
  "not-found": "key-removed", // it was deleted meanwhile
};
