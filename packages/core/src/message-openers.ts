import type { ContentOpener } from "./content-cipher.ts";
import type { BoundContext } from "./context.ts";
import { idKey } from "./data-key.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { CallOptions } from "./limit.ts";
import { digestOfWraps } from "./reading-keys.ts";
import type { SealedMessage } from "./sealed-message.ts";

/** A message and, once it was found, what opens it: to be used before anything else is awaited. */
export interface Openable {
  readonly message: SealedMessage;
  /** @throws {KmsError} why its data key could not be had. */
  opener: (() => ContentOpener) | undefined;
}

const loadsAtOnce = 16;

/**
 * Finds the openers of messages: without waiting where their data keys are at hand; otherwise each missing data key is loaded
 * once, however many messages were sealed under it.
 */
export async function findOpeners(
  engine: EnvelopeEngine,
  context: BoundContext,
  openables: readonly Openable[],
  limits: CallOptions,
): Promise<void> {
  const { reading } = engine;
  const loaded = new Map<string, () => ContentOpener>();
  const load = async ([dataKey, message]: [string, SealedMessage]): Promise<void> => {
    const [result] = await Promise.allSettled([reading.load(message, context, undefined, limits)]);
    loaded.set(dataKey, () => {
      if (result.status === "rejected") throw result.reason;
      return reading.fresh(result.value);
    });
  };
  for (let waited = false; ; waited = true) {
    // What was at hand before we waited may have been dropped meanwhile: everything is looked up again.
    const missing = lookUp(openables, loaded, (message) => {
      const opener = reading.cached(message, context);
      if (!waited) engine.emit(opener === undefined ? "miss" : "hit", context);
      return opener && (() => opener);
    });
    if (missing.size === 0) return;
    await inParallel([...missing], load);
  }
}

/** @returns The data keys that are neither at hand nor were loaded by this call, each with one of its messages. */
function lookUp(
  openables: readonly Openable[],
  loaded: ReadonlyMap<string, () => ContentOpener>,
  cached: (message: SealedMessage) => (() => ContentOpener) | undefined,
): Map<string, SealedMessage> {
  const missing = new Map<string, SealedMessage>();
  let last: Openable | undefined;
  for (const openable of openables) {
    const { message } = openable;
    // The fields of a row are mostly under one data key.
    openable.opener = last?.opener !== undefined && sameId(last.message, message) ? last.opener : cached(message);
    if (openable.opener !== undefined) {
      last = openable;
      continue;
    }
    const dataKey = dataKeyOf(message);
    openable.opener = loaded.get(dataKey); // kept nowhere else: with a TTL of 0, or dropped while we waited
    if (openable.opener === undefined) missing.set(dataKey, message);
  }
  return missing;
}

function sameId({ id: a }: SealedMessage, { id: b }: SealedMessage): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Portable messages carry their wraps: one that was tampered with must not fail the others of its data key. */
function dataKeyOf(message: SealedMessage): string {
  return `${idKey(message.id)}${digestOfWraps(message) ?? ""}`;
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const next = async (): Promise<void> => {
    for (let item = items.pop(); item !== undefined; item = items.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(loadsAtOnce, items.length) }, next));
}
