import type { DriverOperation } from "../driver.ts";
import type { WrapOptions } from "../kms-key.ts";
import type { CaseRun } from "./case-run.ts";

/** One way to use a key that sends exactly one request. */
export interface KeyUse {
  /** What the driver is asked. */
  readonly operation: DriverOperation;
  /** Learns of the key all that is needed first. @returns The call that sends the one request. */
  readonly ready: () => Promise<(options: WrapOptions) => Promise<unknown>>;
}

/** Every request that a key of this kind can make. */
export async function keyUses(t: CaseRun): Promise<readonly KeyUse[]> {
  const key = t.open();
  const { wrapped } = await t.wrap(key);
  const unwrap: KeyUse = {
    operation: "unwrap",
    ready: async () => async (options) => key.unwrapKey(wrapped, t.context, options),
  };
  const describe: KeyUse = { operation: "describe", ready: async () => async (options) => key.describe(options) };
  if (t.spec.kind === "rsa") return [unwrap, describe, publicKeyUse(t)];
  const wrap: KeyUse = {
    operation: "wrap",
    ready: async () => async (options) => key.wrapKey(t.root(), t.context, { confirmedWithinMs: Infinity, ...options }),
  };
  if (!("generateDataKey" in t.adapter.open(t.spec.resource))) return [unwrap, describe, wrap];
  const generate: KeyUse = {
    operation: "generateDataKey",
    ready: async () => async (options) => key.generateDataKey(t.context, options),
  };
  return [unwrap, describe, wrap, generate];
}

/** A public key is fetched once a process. */
function publicKeyUse(t: CaseRun): KeyUse {
  return {
    operation: "publicKey",
    async ready() {
      t.freshKms();
      const key = t.open();
      await key.describe();
      return async (options) => key.publicKey(options);
    },
  };
}
