import type { DataKeyRecord } from "@cmkit/core";
import type { RegistryReads } from "@cmkit/registry";

/** What a row says, by its id: texts that are equal where rows are. */
export type Facts = ReadonlyMap<string, string>;

const page = 1000;

/** All data keys of a project, in the order of their ids. */
export async function* allDataKeys(reads: RegistryReads, project: string): AsyncGenerator<DataKeyRecord> {
  for (let after: Uint8Array | undefined; ;) {
    const records = await reads.dataKeys(project, { after, limit: page });
    yield* records;
    after = records.at(-1)?.id;
    if (records.length < page) return;
  }
}

/** @param withWraps Also what a rewrap changes. */
export async function rowFacts(reads: RegistryReads, project: string, withWraps: boolean): Promise<Facts> {
  const facts = new Map<string, string>();
  for await (const record of allDataKeys(reads, project)) {
    facts.set(idText(record.id), withWraps ? `${factsOf(record)} ${wrapText(record)}` : factsOf(record));
  }
  return facts;
}

/** What nothing may change of a data key. */
export function factsOf({ context, service, purpose, origin, createdAt }: DataKeyRecord): string {
  const entries = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([entries, service, purpose, origin && idText(origin), createdAt.getTime()]);
}

export function idText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function wrapText({ recipients }: DataKeyRecord): string {
  return JSON.stringify(recipients.map(({ cmk, keyVersion, kind, bytes }) => [cmk, keyVersion, kind, idText(bytes)]));
}
