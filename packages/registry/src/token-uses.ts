import type { RegistryStore, StoredToken } from "./store.ts";

/** Writes down when tokens are used. */
export interface TokenUses {
  /** Returns at once. At most one write a token and minute, by this process; one that fails is let go. */
  note(token: StoredToken, at: Date): void;
}

const minuteMs = 60_000;
const maxRemembered = 10_000;

export function tokenUses(store: RegistryStore): TokenUses {
  const tried = new Map<string, number>();
  return {
    note({ record: { id }, lastUsedAt }, at) {
      const isRecent = (ms: number | undefined): boolean => ms !== undefined && Math.abs(at.getTime() - ms) < minuteMs;
      if (isRecent(lastUsedAt?.getTime()) || isRecent(tried.get(id))) return;
      if (tried.size >= maxRemembered) tried.clear();
      tried.set(id, at.getTime());
      store.write(async (tx) => tx.touchToken(id, at)).catch(() => {});
    },
  };
}
