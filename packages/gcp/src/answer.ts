import { KmsError } from "@cmkit/core";
import { differInProjectForm, readCryptoKeyName, type CryptoKeyName } from "./crypto-key-name.ts";

/** What is read of an answer. Nothing is taken for granted: the SDK fills in what is missing, and checks little. */
export type Fields = Readonly<Record<string, unknown>>;

/** Says what an answer lacks, in our own words. */
export function badAnswer(detail: string): never {
  throw new KmsError("bad-answer", { provider: "gcp", detail });
}

/** The message of an answer: the first element of what the SDK gives. */
export function fieldsIn(value: unknown): Fields {
  return value instanceof Object ? (value as Fields) : badAnswer("it is empty");
}

export function textIn(value: unknown, field: string): string {
  return typeof value === "string" && value !== "" ? value : badAnswer(`it has no ${field}`);
}

export function bytesIn(value: unknown, field: string): Uint8Array {
  return value instanceof Uint8Array && value.length > 0 ? value : badAnswer(`it has no ${field}`);
}

/** A Timestamp, to the second. */
export function dateIn(value: unknown): Date | undefined {
  const seconds = secondsIn(value);
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}

/** The seconds of a Timestamp or a Duration, which the SDK gives as text or number. */
export function secondsIn(value: unknown): number | undefined {
  const seconds = value instanceof Object && "seconds" in value ? Number(value.seconds) : Number.NaN;
  return Number.isSafeInteger(seconds) && Math.abs(seconds) < 1e12 ? seconds : undefined;
}

/**
 * The key or version that an answer names, which must be one of the key that was asked.
 *
 * Google documents neither that a project may be named by its number nor how answers then name it. The same key by another name
 * cannot be told from another key, so it is refused, and the detail says what to change.
 */
export function nameIn(value: unknown, asked: CryptoKeyName): CryptoKeyName {
  const name = readCryptoKeyName(textIn(value, "name")) ?? badAnswer("its name is not that of a key");
  if (differInProjectForm(name.key, asked.key)) {
    badAnswer(
      "it names the project by id where we use its number, or the other way round: register the key by the name that the KMS uses",
    );
  }
  if (name.key !== asked.key) badAnswer("it names another key than the one that was asked for");
  const pinned = asked.version ?? name.version;
  return name.version === null || name.version === pinned ? name : badAnswer("it names another version than the CMK does");
}

/** The same for an answer that must name a version. */
export function versionIn(value: unknown, asked: CryptoKeyName): string {
  return nameIn(value, asked).version ?? badAnswer("it names no key version");
}
