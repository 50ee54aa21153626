import type { ContentOpener } from "./content-cipher.ts";
import type { BoundContext } from "./context.ts";
import { idKey } from "./data-key.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { CallOptions } from "./limit.ts";
import { digestOfWraps } from "./reading-keys.ts";
import type { SealedMessage } from "./sealed-message.ts";

/** What opens a message. @throws {KmsError} why its data key could not be had. */
export type FindOpener = (message: SealedMessage) => ContentOpener;

const loadsAtOnce = 16;

/**
 * Gets the data keys of messages: without waiting where they are at hand; otherwise each missing one is loaded once, however
 * many messages were sealed under it.
 *
 * @returns What finds the opener of each of these messages; to be used before anything else is awaited.
 */
export async function messageOpeners(
  engine: EnvelopeEngine,
  context: BoundContext,
  messages: readonly SealedMessage[],
  limits: CallOptions,
): Promise<FindOpener> {
  const { reading } = engine;
  const loaded = new Map<string, () => ContentOpener>();
  const load = async (dataKey: string, message: SealedMessage): Promise<void> => {
    const result = await reading.load(message, context, undefined, limits).then(
      (key) => () => reading.fresh(key),
      (error: unknown) => () => {
        throw error;
      },
    );
    loaded.set(dataKey, result);
  };
  for (let round = 0; ; round += 1) {
    const openers = new Map<SealedMessage, () => ContentOpener>();
    const missing = new Map<string, SealedMessage>();
    for (const message of messages) {
      const held = reading.cached(message, context);
      if (round === 0) engine.emit(held === undefined ? "miss" : "hit", context);
      if (held !== undefined) {
        openers.set(message, () => held);
        continue;
      }
      const dataKey = dataKeyOf(message);
      const own = loaded.get(dataKey); // kept nowhere else: with a TTL of 0, or dropped while we waited
      if (own === undefined) missing.set(dataKey, message);
      else openers.set(message, own);
    }
    if (missing.size === 0) return (message) => openers.get(message)!();
    await inParallel([...missing], async ([dataKey, message]) => load(dataKey, message));
  }
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
