import type { KmsErrorCode } from "../src/kms-error.ts";

export const second = 1000;
export const minute: number = 60 * second;

/** What a KMS does at a moment: it answers, refuses or fails. */
export type KmsState =
  | "works"
  | (KmsErrorCode & ("key-disabled" | "access-denied" | "key-destroyed" | "unavailable" | "throttled"));

const troubles = ["key-disabled", "access-denied", "key-destroyed", "unavailable", "throttled"] as const;

/** A KMS that works and then does not, in turns of a second to 90 minutes and more, by a seed. */
export function timeline(lengthMs: number, seed: number): (atMs: number) => KmsState {
  const random = seededRandom(seed);
  const ends: { readonly state: KmsState; readonly endMs: number }[] = [];
  for (let endMs = 0; endMs <= lengthMs;) {
    const trouble = troubles[Math.floor(random() * troubles.length)] ?? "unavailable";
    const state = ends.length % 2 === 0 ? "works" : trouble;
    // As many short turns as long ones.
    const seconds = Math.round(5400 ** random());
    endMs += (state === "works" ? 2 * seconds : seconds) * second;
    ends.push({ state, endMs });
  }
  let now = 0; // moments come in order
  return (atMs) => {
    while ((ends[now]?.endMs ?? Infinity) <= atMs) now += 1;
    return ends[now]?.state ?? "works";
  };
}

// Mulberry32: a public-domain generator by Tommy Ettinger; enough for moments.
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
