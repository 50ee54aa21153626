import { generateKeyPairSync } from "node:crypto";
import { multiCloudKms, type BoundContext, type DriverCall, type DriverOperation, type Kms, type KmsDriver } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { fakeClock, type FakeClock } from "@cmkit/core/testing";

export const aes = { provider: "local", resource: "local:aes" } as const;
export const rsa = { provider: "local", resource: "local:rsa" } as const;

const rsaPrivateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** Replaces calls of a driver. */
export type Changes = (driver: KmsDriver) => Partial<KmsDriver>;

/** A `Kms` over local keys, one of each kind, whose driver a test changes, and what it was asked. */
export interface ScriptedKms {
  readonly kms: Kms;
  readonly clock: FakeClock;
  readonly asked: DriverOperation[];
  /** From now on. */
  change(changes: Changes): void;
  /** How long each answer takes. */
  slowMs: number;
}

/** An adapter whose symmetric key makes data keys by itself, as AWS does; every version `[1-9]` of a key opens the same. */
export function scriptedKms(initial: Changes = () => ({})): ScriptedKms {
  const adapter = local({ keys: { aes: { aes256: new Uint8Array(32).fill(1) }, rsa: { rsaPrivateKey } } });
  const clock = fakeClock();
  const asked: DriverOperation[] = [];
  let changes = initial;
  const open = (resource: string): KmsDriver => {
    const real = generating(adapter.open(resource.replace("alias-of-", "")));
    const now = async (operation: DriverOperation): Promise<KmsDriver> => {
      asked.push(operation);
      if (scripted.slowMs > 0) await clock.sleep(scripted.slowMs);
      return { ...real, ...changes(real) };
    };
    return {
      resource,
      resolved: !resource.includes("alias-of-"),
      describe: async (version, call) => (await now("describe")).describe(version, call),
      publicKey: async (version, call) => (await now("publicKey")).publicKey(version, call),
      wrap: async (request, call) => (await now("wrap")).wrap(request, call),
      unwrap: async (request, call) => (await now("unwrap")).unwrap(request, call),
      generateDataKey: async (context, call) =>
        (await now("generateDataKey")).generateDataKey?.(context, call) ??
        Promise.reject(new TypeError("expected generateDataKey")),
    };
  };
  const kms = multiCloudKms({ adapters: [{ ...adapter, keyVersionGrammar: /^[1-9]$/, open }], clock });
  const scripted: ScriptedKms = { kms, clock, asked, slowMs: 0, change: (next) => void (changes = next) };
  return scripted;
}

function generating(driver: KmsDriver): KmsDriver {
  return {
    ...driver,
    async generateDataKey(context: BoundContext, call: DriverCall) {
      const plaintext = new Uint8Array(32).fill(9);
      return { ...(await driver.wrap({ plaintext, context, keyVersion: null }, call)), plaintext };
    },
  };
}
