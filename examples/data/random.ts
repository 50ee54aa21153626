/** A repeatable source of choices. Not for keys, ids or anything else that must not be guessed. */
export interface Random {
  /** An integer from 0 up to, but without, `limit`. */
  below(limit: number): number;
  /** One of the items, which must not be none. */
  pick<T>(items: readonly T[]): T;
  /** The template with a digit for each `#`. */
  digits(template: string): string;
}

/**
 * Starts a sequence that is the same for the same seed on every machine.
 *
 * @param seed An integer; the low 32 bits count.
 */
export function random(seed: number): Random {
  let state = seed | 0;
  // Mulberry32, by Tommy Ettinger (public domain): 32 bits of state are plenty for sample data.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit);
  return {
    below,
    pick: <T>(items: readonly T[]): T => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("expected items to pick from, got none");
      return item;
    },
    digits: (template) => template.replaceAll("#", () => String(below(10))),
  };
}
