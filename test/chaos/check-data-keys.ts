import { isKmsError, type Cmk, type DataKeyRecord } from "@cmkit/core";
import { bindContext, originTagger } from "@cmkit/core/store";
import { isRegistryError } from "@cmkit/registry";

import { deriveDataKey } from "../../packages/core/src/data-key.ts";
import { recordTags } from "../../packages/registry/src/record-tags.ts";
import { checkBalances, versionName } from "./check-balances.ts";
import { bystander, operatorCmk, project, type OpenedChaos } from "./open-chaos.ts";
import { allDataKeys, factsOf, idText, rowFacts, type Facts } from "./row-facts.ts";
import { blindIndex, textPath, writerService, type SealedText, type Stock } from "./stock.ts";

/** What a store must hold, whatever happened to it. */
export interface Expected {
  readonly stock: Stock;
  /** Texts that were sealed meanwhile, of which somebody was told. */
  readonly acknowledged: readonly SealedText[];
  /** The id of the CMK under which every data key must be, and the version, once a rewrap has ended. */
  readonly under?: { readonly id: string; readonly keyVersion?: string };
}

/** What a check came upon. */
export interface Checked {
  /** Data keys that were opened for real. */
  readonly opened: number;
  readonly problems: readonly string[];
}

const atOnce = 64;

/**
 * Reads a project anew and opens each of its data keys in the cloud, which must be well: under the key and version that its row
 * names, to the id that the row has. None is lost, under no key of the project, there twice, or another than it was.
 */
export async function checkDataKeys(opened: OpenedChaos, expected: Expected): Promise<Checked> {
  const check = new DataKeyCheck(opened, expected, await liveCmks(opened));
  for await (const records of chunks(allDataKeys(opened.store.reads, project))) {
    await Promise.all(records.map(async (record) => check.row(record)));
  }
  check.nothingMissing();
  await check.texts();
  await check.indexes();
  await check.others();
  const { ok, brokenAt } = await opened.registry.audit.verify();
  if (!ok) check.problems.push(`the audit log is broken at entry ${brokenAt}`);
  check.problems.push(...(await checkBalances(opened, check.present)));
  return { opened: check.seen.size, problems: check.problems };
}

class DataKeyCheck {
  readonly problems: string[] = [];
  readonly seen = new Set<string>();
  /** How many rows there are of each key and version. */
  readonly present = new Map<string, number>();
  private readonly given: OpenedChaos;
  private readonly expected: Expected;

  /** The id of each key under which data keys may be. */
  private readonly cmks: ReadonlyMap<string, string>;

  constructor(opened: OpenedChaos, expected: Expected, cmks: ReadonlyMap<string, string>) {
    this.given = opened;
    this.expected = expected;
    this.cmks = cmks;
  }

  async row(record: DataKeyRecord): Promise<void> {
    const id = idText(record.id);
    const [{ cmk, keyVersion }] = record.recipients;
    const name = versionName(cmk, keyVersion);
    if (this.seen.has(id)) this.problems.push(`data key ${id} is there twice`);
    this.seen.add(id);
    this.present.set(name, (this.present.get(name) ?? 0) + 1);
    const facts = this.expected.stock.keys.get(id);
    if (facts === undefined && record.service !== writerService) this.problems.push(`nobody made data key ${id}`);
    if (facts !== undefined && facts !== factsOf(record)) this.problems.push(`data key ${id} is another than it was`);
    if (!this.cmks.has(cmkName(cmk))) this.problems.push(`data key ${id} is under ${name}, which is no key of the project`);
    if (!this.isPlaced(cmk, keyVersion)) this.problems.push(`data key ${id} is still under ${name}`);
    const wrong = await this.wrongWith(record);
    if (wrong !== undefined) this.problems.push(`data key ${id} under ${name}: ${wrong}`);
  }

  nothingMissing(): void {
    for (const id of this.expected.stock.keys.keys()) if (!this.seen.has(id)) this.problems.push(`data key ${id} is lost`);
  }

  /** As an application reads them. */
  async texts(): Promise<void> {
    const box = this.given.registry.envelope({ service: "check" });
    for (const { row, text } of [...this.expected.stock.sealed, ...this.expected.acknowledged]) {
      const opening = box.open(Buffer.from(text, "base64url"), { tenant: project, path: textPath, context: { row } });
      const wrong = await opening.then((plain) => (Buffer.from(plain).toString() === row ? undefined : "another text"), code);
      if (wrong !== undefined) this.problems.push(`what was sealed as ${row}: ${wrong}`);
    }
    box.purge();
  }

  async indexes(): Promise<void> {
    const indexIn = blindIndex(this.given);
    for (const { context, value } of this.expected.stock.indexes) {
      const now = await indexIn(context).catch(code);
      if (now !== value) this.problems.push(`the blind index of ${JSON.stringify(context)} finds nothing any more: ${now}`);
    }
  }

  async others(): Promise<void> {
    const now = await rowFacts(this.given.store.reads, bystander, true);
    if (!sameFacts(now, this.expected.stock.others)) this.problems.push("data keys of another project were touched");
  }

  private isPlaced(cmk: Cmk, keyVersion: string | null): boolean {
    const { under } = this.expected;
    if (under === undefined) return true;
    return this.cmks.get(cmkName(cmk)) === under.id && (under.keyVersion === undefined || keyVersion === under.keyVersion);
  }

  private async wrongWith(record: DataKeyRecord): Promise<string | undefined> {
    const { kms, recordKey } = this.given;
    const { id, purpose, origin, recipients } = record;
    const context = bindContext(record.context);
    if (origin === null || !originTagger(recordKey).verify(origin, purpose, context, id)) return "its origin tag is not ours";
    try {
      const root = await kms.open(recipients[0].cmk).unwrapKey(recipients[0], context.entries);
      return Buffer.compare(deriveDataKey(root, purpose, context).id, id) === 0 ? undefined : "opens to another data key";
    } catch (error) {
      return `does not open: ${code(error)}`;
    }
  }
}

/** As tagged rows name them. */
async function liveCmks({ store, recordKey }: OpenedChaos): Promise<ReadonlyMap<string, string>> {
  const tags = recordTags(recordKey).cmk;
  const rows = (await store.reads.cmks(project)).map((row) => tags.open(row)).filter(({ status }) => status !== "deleted");
  const own = rows.map(({ id, provider, canonical }): [string, string] => [cmkName({ provider, resource: canonical }), id]);
  return new Map([[cmkName(operatorCmk), "operator"], ...own]);
}

function cmkName({ provider, resource }: Cmk): string {
  return `${provider} ${resource}`;
}

function sameFacts(a: Facts, b: Facts): boolean {
  return a.size === b.size && [...a].every(([id, facts]) => b.get(id) === facts);
}

function code(error: unknown): string {
  if (isKmsError(error) || isRegistryError(error)) return error.code;
  throw error;
}

async function* chunks(records: AsyncIterable<DataKeyRecord>): AsyncGenerator<readonly DataKeyRecord[]> {
  let chunk: DataKeyRecord[] = [];
  for await (const record of records) {
    chunk.push(record);
    if (chunk.length < atOnce) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}
