import { fieldEncryption, type Cmk, type Context, type DataKeyRecord, type Kms, type WrappedKey } from "@cmkit/core";
import { bindContext, originTagger, type OriginTagger } from "@cmkit/core/store";

import { deriveDataKey, type DataKeyPurpose } from "../../packages/core/src/data-key.ts";
import { changeBalances } from "../../packages/registry/src/balances.ts";
import { recordTags } from "../../packages/registry/src/record-tags.ts";
import { pick, type Random } from "../soak/seeded-random.ts";
import { bystander, project, type OpenedChaos } from "./open-chaos.ts";
import { rowFacts, type Facts } from "./row-facts.ts";

/** What was in a store before anything happened to it. */
export interface Stock {
  /** What must never change of each data key of the project, by id. */
  readonly keys: Facts;
  /** The same of another project's, wraps included. */
  readonly others: Facts;
  readonly sealed: readonly SealedText[];
  /** Blind indexes of one value, by context. */
  readonly indexes: readonly { readonly context: Further; readonly value: string }[];
}

/** A context without its tenant. */
export type Further = Readonly<Record<string, string>>;

/** A text that was sealed, and where it belongs. */
export interface SealedText {
  readonly row: string;
  readonly text: string;
}

export const textPath = ["chaos", "text"] as const;
/** What processes label data keys with that they make while a rewrap runs. */
export const writerService = "writer";
const services = ["billing", "crm", "mail"] as const;
const indexed = { email: { index: "emailIndex" } } as const;
const indexedValue = "ada@example.com";
const envelopes = 20;
const batch = 500;

/**
 * Fills a project's store with genuine data keys: some as an application makes them, the others in bulk.
 * @param rotate Called half-way.
 */
export async function stockUp(
  opened: OpenedChaos,
  cmks: { readonly source: Cmk; readonly bystander?: Cmk },
  dataKeys: number,
  random: Random,
  rotate: () => void,
): Promise<Stock> {
  const sealed = await sealSome(opened);
  const indexes = await indexSome(opened);
  const more = dataKeys - envelopes - indexes.length;
  await addInBulk(opened, project, cmks.source, Math.floor(more / 2), random);
  rotate();
  await addInBulk(opened, project, cmks.source, Math.ceil(more / 2), random);
  if (cmks.bystander !== undefined) await addInBulk(opened, bystander, cmks.bystander, envelopes, random);
  const { store } = opened;
  return {
    keys: await rowFacts(store.reads, project, false),
    others: await rowFacts(store.reads, bystander, true),
    sealed,
    indexes,
  };
}

async function sealSome({ registry }: OpenedChaos): Promise<readonly SealedText[]> {
  const box = registry.envelope({ service: "crm" });
  const sealed: SealedText[] = [];
  for (let at = 0; at < envelopes; at += 1) {
    const row = `stock-${at}`;
    const text = await box.seal(Buffer.from(row), { tenant: project, path: textPath, context: { row } });
    sealed.push({ row, text: Buffer.from(text).toString("base64url") });
  }
  box.purge();
  return sealed;
}

async function indexSome(opened: OpenedChaos): Promise<Stock["indexes"]> {
  const indexIn = blindIndex(opened);
  const contexts = Array.from({ length: 10 }, (_, at) => ({ region: `region-${at}` }));
  return Promise.all(contexts.map(async (context) => ({ context, value: await indexIn(context) })));
}

/** Gives the blind index of one value in a context: the same for as long as the index key is. Remembers nothing. */
export function blindIndex({ registry }: OpenedChaos): (context: Further) => Promise<string> {
  const box = registry.envelope({ service: "crm", cache: { ttlMs: 0 } });
  const people = fieldEncryption({ envelope: box, table: "people", rowId: "id", fields: indexed });
  return async (context) => people.for(project, { context }).index("email", indexedValue);
}

/** Genuine data keys through core's own pieces, and their balance. */
async function addInBulk(opened: OpenedChaos, tenant: string, cmk: Cmk, count: number, random: Random): Promise<void> {
  const { store, kms, recordKey } = opened;
  const [tags, origin] = [recordTags(recordKey), originTagger(recordKey)];
  for (let left = count; left > 0; left -= batch) {
    const size = Math.min(batch, left);
    const records = await Promise.all(
      Array.from({ length: size }, async () => newRecord(kms, origin, cmk, contextFor(tenant, random), random)),
    );
    await store.write(async (tx) => {
      await tx.shareProject(tenant);
      for (const record of records) await tx.addDataKey(record);
      const changes = records.map(({ recipients: [{ keyVersion }] }) => ({ cmk, keyVersion, made: 1 }));
      await changeBalances(tx, tags.balance, tenant, changes);
    });
  }
}

function contextFor(tenant: string, random: Random): Context {
  const kind = random();
  if (kind < 0.5) return { tenant };
  return kind < 0.8 ? { tenant, region: `region-${Math.floor(random() * 50)}` } : { tenant, row: `row-${random()}` };
}

async function newRecord(kms: Kms, origin: OriginTagger, cmk: Cmk, context: Context, random: Random): Promise<DataKeyRecord> {
  const bound = bindContext(context);
  const { key: root, wrapped } = await kms.open(cmk).generateDataKey(context);
  const { id } = deriveDataKey(root, "field", bound);
  const service = pick(services, random) ?? "crm";
  return recordOf(id, origin.tag("field", bound, id), context, service, "field", wrapped);
}

function recordOf(
  id: Uint8Array,
  origin: Uint8Array,
  context: Context,
  service: string,
  purpose: DataKeyPurpose,
  wrapped: WrappedKey,
): DataKeyRecord {
  return { id, origin, context, service, purpose, recipients: [wrapped], createdAt: new Date() };
}
