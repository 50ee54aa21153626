import { readFileSync } from "node:fs";
import type { Context } from "./data-keys.ts";
import type { Opens, Refused } from "./messages.ts";
import type { KmsAnswer, VectorRecord } from "./world.ts";

export interface KmsFile {
  readonly recordKey: string;
  readonly previousRecordKey: string;
  readonly localKeys: Readonly<Record<string, string>>;
  readonly keyVersionGrammars: Readonly<Record<string, string>>;
  readonly answers: readonly KmsAnswer[];
}

export interface DataKeyVector {
  readonly name: string;
  readonly purpose: "field" | "index";
  readonly context: Context;
  readonly root: string;
  readonly canonicalContext: string;
  readonly contextHash: string;
  readonly contentKey: string;
  readonly id: string;
  readonly sealedPayload: string;
  readonly originTag: string;
}

/** The committed vector files, not what the generator would write today. */
export const kmsFile: KmsFile = read("kms.json") as KmsFile;
export const storedRecords: readonly VectorRecord[] = read("records.json") as VectorRecord[];
export const dataKeyVectors: readonly DataKeyVector[] = read("data-keys.json") as DataKeyVector[];
export const opensVectors: readonly Opens[] = [...(read("opens.json") as Opens[]), ...(read("opens-large.json") as Opens[])];
export const refusedVectors: readonly Refused[] = read("refusals.json") as Refused[];

export function vectorText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

function read(name: string): unknown {
  return JSON.parse(vectorText(name));
}
