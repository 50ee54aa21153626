import type { DriverCall, DriverOperation, KmsAdapter, KmsDriver } from "../driver.ts";

/** What an adapter's drivers were asked, and what they have not answered yet. */
export class Watch {
  readonly operations: DriverOperation[] = [];
  private readonly pending = new Set<Promise<unknown>>();
  private waiters: (() => void)[] = [];

  /** Resolves when the next driver call has begun. */
  async nextCall(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Whether every driver call has ended, waiting at most `ms`. */
  async settled(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), ms);
    });
    const first = await Promise.race([Promise.allSettled(this.pending), late]);
    clearTimeout(timer);
    return first !== "late";
  }

  async record<T>(operation: DriverOperation, run: () => Promise<T>): Promise<T> {
    this.operations.push(operation);
    const answer = run();
    this.pending.add(answer);
    for (const resolve of this.waiters) resolve();
    this.waiters = [];
    try {
      return await answer;
    } finally {
      this.pending.delete(answer);
    }
  }
}

/** The same adapter, whose driver calls `watch` sees. */
export function watchedAdapter(adapter: KmsAdapter, watch: Watch): KmsAdapter {
  return {
    provider: adapter.provider,
    keyVersionGrammar: adapter.keyVersionGrammar,
    open: (resource) => watchedDriver(adapter.open(resource), watch),
    classify: (error, operation) => adapter.classify(error, operation),
    close: async () => adapter.close?.(),
  };
}

function watchedDriver(driver: KmsDriver, watch: Watch): KmsDriver {
  const generate = driver.generateDataKey?.bind(driver);
  return {
    resource: driver.resource,
    ...(driver.keyResource !== undefined && { keyResource: driver.keyResource }),
    resolved: driver.resolved,
    ...(driver.namesVersion !== undefined && { namesVersion: driver.namesVersion }),
    describe: async (version, call) => watch.record("describe", async () => driver.describe(version, call)),
    publicKey: async (version, call) => watch.record("publicKey", async () => driver.publicKey(version, call)),
    wrap: async (request, call) => watch.record("wrap", async () => driver.wrap(request, call)),
    unwrap: async (request, call) => watch.record("unwrap", async () => driver.unwrap(request, call)),
    ...(generate && {
      generateDataKey: async (context: Parameters<typeof generate>[0], call: DriverCall) =>
        watch.record("generateDataKey", async () => generate(context, call)),
    }),
  };
}
