import { resolve } from "node:path";
import { type AuditHead, type ResignCounts, resignRecords } from "@cmkit/registry";

import { readBounded } from "./bounded-read.ts";
import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { progressOn } from "./progress.ts";
import { readRecordKey } from "./record-key-file.ts";
import { openStore, storeSettings, type StoreOptions, type StoreSettings } from "./server-store.ts";
import { actorOf } from "./token-command.ts";

/** The options of `cmkit records resign`. */
export interface ResignOptions extends StoreOptions {
  readonly previousRecordKey?: string;
  readonly head?: AuditHead;
  readonly trustStore?: true;
  readonly json?: boolean;
}

/** Tags every row anew, until it is asked to end. */
export async function recordsResign(options: ResignOptions, deps: Deps, io: Io): Promise<number> {
  const settings = await withPrevious(await storeSettings(options, deps, io), options, deps);
  if (options.trustStore) await askForWords(io);
  const store = await openStore(settings);
  const aborter = new AbortController();
  void deps.untilAskedToEnd().then(() => aborter.abort());
  const { signal } = aborter;
  const progress = progressOn(io.terminal, undefined);
  const { recordKey } = settings;
  const { head, trustStore = false } = options;
  try {
    const onProgress = (counts: ResignCounts): void => progress.rows(sum(counts));
    const given = { store, recordKey, actor: actorOf(deps), trustStore, onProgress, signal, ...(head && { head }) };
    const counts = await resignRecords(given);
    progress.stop();
    io.stdout(options.json ? `${JSON.stringify(shown(counts))}\n` : summary(counts));
    return 0;
  } catch (error) {
    throw signal.aborted ? new CliError("refused", "Interrupted.", "Run it again to go on: what is done is done.") : error;
  } finally {
    progress.stop();
    await store.close();
  }
}

/** What has to be typed before rows are vouched for that carry no valid tag. */
export const trustWords = "I vouch for every row";

/** The store with both keys; with the new one alone when the rows are trusted as they are. */
async function withPrevious(settings: StoreSettings, options: ResignOptions, deps: Deps): Promise<StoreSettings> {
  const { previousRecordKey: name, store, trustStore } = options;
  if (name !== undefined && store === undefined)
    throw new CliError("bad-usage", "--previous-record-key goes with --store.", 'In a cmkit.json it is "previousRecordKey".');
  const current = settings.recordKey instanceof Uint8Array ? settings.recordKey : undefined;
  if (current === undefined) return settings;
  if (name !== undefined) {
    return { ...settings, recordKey: { current, previous: await readRecordKey({ path: resolve(deps.cwd, name), name }) } };
  }
  if (trustStore) return settings;
  const next = 'Give it as "previousRecordKey" in cmkit.json, or with --previous-record-key. Only if it is lost: --trust-store.';
  throw new CliError("bad-usage", "The previous record key is not given.", next);
}

/** On a terminal or from a pipe: nobody says it by habit. */
async function askForWords(io: Io): Promise<void> {
  if (io.stdinIsTerminal) {
    io.stderr(`Whoever could write the store may have put rows there that become your own by this.\nType "${trustWords}": `);
  }
  const given = await firstLine(io.stdin);
  if (given === trustWords) return;
  throw new CliError("refused", "Nothing was changed.", `--trust-store wants the words "${trustWords}" on standard input.`);
}

async function firstLine(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await readBounded(untilLineEnd(stdin), 4096);
  return (
    Buffer.from(bytes ?? [])
      .toString()
      .split("\n")[0]
      ?.trim() ?? ""
  );
}

async function* untilLineEnd(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stdin) {
    yield chunk;
    if (chunk.includes(0x0a)) return;
  }
}

function sum(counts: ResignCounts): number {
  return Object.values(shown(counts)).reduce((total, count) => total + count, 0);
}

function shown(counts: ResignCounts): Readonly<Record<string, number>> {
  const { projects, cmks, rewraps, balances, dataKeys, tokens, auditEntries } = counts;
  return { projects, cmks, rewraps, balances, data_keys: dataKeys, tokens, audit_entries: auditEntries };
}

function summary(counts: ResignCounts): string {
  if (sum(counts) === 0) return "Every row is tagged under the new record key already.\n";
  const told = Object.entries(shown(counts)).map(([name, count]) => `${names[name] ?? name} ${count.toLocaleString("en-US")}`);
  return `Tagged anew: ${told.join(", ")}.\nKeep the audit log's new head: \`cmkit audit head\`.\n`;
}

const names: Readonly<Record<string, string>> = { cmks: "CMKs", data_keys: "data keys", audit_entries: "audit entries" };
