import { KmsError } from "@cmkit/core";
import type { AzureCallOptions, AzureRawAnswer } from "./azure-client.ts";
import { readKeyId, type KeyId } from "./key-id.ts";
import { requestIdIn, UnreadableAnswer } from "./unreadable-answer.ts";

/** What an answer says beside its result. */
export interface Answered<T> {
  readonly result: T;
  /** The canonical form of the key that answered, with a version where the CMK has one. */
  readonly answeredBy: string;
  /** The same without a version. */
  readonly base: string;
  readonly keyVersion: string;
  readonly requestId: string | undefined;
  /** The service's clock, where it says. */
  readonly at: Date;
}

// Below the deadline only of patient callers: for them a lost answer costs one attempt, not all of their time.
const requestTimeoutMs = 10_000;

/**
 * Sends one request about `key` and reads, out of the raw answer, which key and version it is about: the SDK's results do
 * not say, or repeat what was asked.
 */
export async function ask<T>(
  key: KeyId,
  signal: AbortSignal,
  send: (options: AzureCallOptions) => Promise<T>,
): Promise<Answered<T>> {
  const seen: Omit<Answered<T>, "result">[] = [];
  const onResponse = (raw: AzureRawAnswer): void => {
    if (raw.status === 200) seen.push(readAnswer(raw, key));
    else if (!isRecord(raw.parsedBody) || !isRecord(raw.parsedBody["error"])) throw new UnreadableAnswer(raw);
  };
  const result = await send({ abortSignal: signal, requestOptions: { timeout: requestTimeoutMs }, onResponse });
  const last = seen.at(-1) ?? badAnswer("the client handed over no answer");
  return { result, ...last };
}

function readAnswer(raw: AzureRawAnswer, asked: KeyId): Omit<Answered<never>, "result"> {
  if (!isRecord(raw.parsedBody)) throw new UnreadableAnswer(raw);
  const { key, kid } = raw.parsedBody;
  const named = isRecord(key) ? key["kid"] : kid;
  const answering = typeof named === "string" ? readKeyId(named, [asked.hosts]) : undefined;
  if (answering?.version == null) return badAnswer("it names no version of a key in this cloud");
  const header = (name: string): string | undefined => raw.headers.get(name);
  const at = new Date(header("date") ?? Number.NaN);
  return {
    answeredBy: asked.version === null ? answering.base : answering.resource,
    base: answering.base,
    keyVersion: answering.version,
    requestId: requestIdIn(header),
    at: Number.isNaN(at.getTime()) ? new Date() : at,
  };
}

/** Says what an answer lacks, in our own words. */
export function badAnswer(detail: string): never {
  throw new KmsError("bad-answer", { provider: "azure", detail });
}

/** @throws {KmsError} `bad-answer` unless it is bytes: `length` of them where that is given. */
export function bytesIn(value: unknown, field: string, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0) return badAnswer(`it has no ${field}`);
  return length === undefined || value.length === length ? value : badAnswer(`its ${field} is not of ${length} bytes`);
}

/** @throws {KmsError} `bad-answer` unless it is a date, or nothing. */
export function dateIn(value: unknown, field: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value : badAnswer(`${field} is not a date`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
