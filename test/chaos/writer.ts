// A process that makes new data keys while others rewrap, and reads what was sealed. Says line by line what it was given.
import { setTimeout as wait } from "node:timers/promises";
import { isKmsError } from "@cmkit/core";
import { isRegistryError } from "@cmkit/registry";

import { slowCloud } from "./slow-cloud.ts";
import { openChaos, project, type ChaosSetUp } from "./open-chaos.ts";
import { blindIndex, textPath, writerService, type SealedText, type Stock } from "./stock.ts";
import { toldWeather } from "./weather.ts";

/** What the process is started with. */
export interface WriterSettings {
  readonly setUp: ChaosSetUp;
  readonly name: string;
  /** Data keys a second. */
  readonly perSecond: number;
  readonly sealed: Stock["sealed"];
  readonly indexes: Stock["indexes"];
}

/** What it says. */
export type WriterLine =
  | { readonly kind: "ready" }
  | ({ readonly kind: "sealed" } & SealedText)
  | { readonly kind: "read" }
  | { readonly kind: "failed"; readonly what: string; readonly code: string; readonly message: string };

/** As many things are under way at the same time: some of them whenever a rewrap begins. */
const lanes = 8;
const slowMs = 300;
const { setUp, name, perSecond, sealed, indexes } = JSON.parse(process.argv[2] ?? "") as WriterSettings;
const opened = await openChaos(setUp, { forecast: await toldWeather(), cloud: (cloud) => slowCloud(cloud, slowMs) });
const box = opened.registry.envelope({ service: writerService, cache: { ttlMs: 5000 } });
const indexIn = blindIndex(opened);
const known = [...sealed];
await Promise.all(Array.from({ length: lanes }, async (_, at) => lane(`${name}-${at}`)));

async function lane(rows: string): Promise<never> {
  for (let made = 0; ; made += 1) {
    const due = wait((lanes * 1000) / perSecond);
    await told("seal", async () => seal(`${rows}-${made}`));
    await told("open", async () => read(known[Math.floor(Math.random() * known.length)]));
    if (made % 10 === 0) await told("index", async () => find(indexes[Math.floor(Math.random() * indexes.length)]));
    await due;
  }
}

async function seal(row: string): Promise<void> {
  const text = await box.seal(Buffer.from(row), { tenant: project, path: textPath, context: { row } });
  const told = { row, text: Buffer.from(text).toString("base64url") };
  known.push(told);
  tell({ kind: "sealed", ...told });
}

async function read(text: SealedText | undefined): Promise<void> {
  if (text === undefined) return;
  const { row } = text;
  const plain = await box.open(Buffer.from(text.text, "base64url"), { tenant: project, path: textPath, context: { row } });
  if (Buffer.from(plain).toString() !== row) throw new Error(`${row} opened to another text`);
  tell({ kind: "read" });
}

async function find(index: Stock["indexes"][number] | undefined): Promise<void> {
  if (index === undefined) return;
  if ((await indexIn(index.context)) !== index.value) throw new Error("the blind index is another");
  tell({ kind: "read" });
}

/** A failure with a code of ours is a line; any other ends the process. */
async function told(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isRegistryError(error) && !isKmsError(error)) throw error;
    tell({ kind: "failed", what, code: error.code, message: error.message });
  }
}

function tell(line: WriterLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`); // to a pipe: synchronous
}
