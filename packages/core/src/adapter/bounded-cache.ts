/** Keeps the `size` things that were used last; what falls out is made again when it is needed. */
export interface BoundedCache<T> {
  get(name: string, make: () => T): T;
  delete(name: string): void;
  clear(): void;
}

/** Starts empty. */
export function boundedCache<T>(size: number): BoundedCache<T> {
  const held = new Map<string, T>();
  return {
    get(name, make) {
      const value = held.get(name) ?? make();
      held.delete(name);
      held.set(name, value);
      const oldest = held.size > size ? held.keys().next().value : undefined;
      if (oldest !== undefined) held.delete(oldest);
      return value;
    },
    delete: (name) => void held.delete(name),
    clear: () => held.clear(),
  };
}
