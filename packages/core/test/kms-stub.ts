import { generateKeyPairSync } from "node:crypto";
import type { BoundContext } from "../src/context.ts";
import type { DriverOperation, KmsAdapter, KmsDriver } from "../src/driver.ts";
import type { KmsEvent } from "../src/events.ts";
import { local } from "../src/local.ts";
import { multiCloudKms, type Kms } from "../src/kms.ts";
import { fakeClock, type FakeClock } from "../src/testing/index.ts";

export type Changes = (driver: KmsDriver) => Partial<KmsDriver>;

export const rsaPrivateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const otherPrivateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

const keys = {
  aes: { aes256: new Uint8Array(32).fill(1) },
  rsa: { rsaPrivateKey },
  "other-rsa": { rsaPrivateKey: otherPrivateKey },
};

/** A `Kms` over local keys whose driver a test can change while it runs, and what it was asked. */
export interface StubKms {
  readonly kms: Kms;
  readonly clock: FakeClock;
  readonly events: KmsEvent[];
  readonly asked: DriverOperation[];
  /** Replaces calls of the drivers from now on. */
  readonly change: (changes: Changes) => void;
}

export function stubKms(initial: Changes = () => ({}), adapterChanges: Partial<KmsAdapter> = {}): StubKms {
  const adapter = local({ keys });
  const clock = fakeClock();
  const asked: DriverOperation[] = [];
  const events: KmsEvent[] = [];
  let changes = initial;
  const open = (resource: string): KmsDriver => {
    const real = adapter.open(resource.replace("alias-of-", ""));
    const driver = (): KmsDriver => ({ ...real, ...changes(real) });
    const generates = driver().generateDataKey !== undefined;
    const { keyResource } = driver();
    return {
      resource,
      ...(keyResource !== undefined && { keyResource }),
      resolved: !resource.includes("alias-of-"),
      namesVersion: driver().namesVersion === true,
      describe: async (version, call) => ask("describe", driver().describe(version, call)),
      publicKey: async (version, call) => ask("publicKey", driver().publicKey(version, call)),
      wrap: async (request, call) => ask("wrap", driver().wrap(request, call)),
      unwrap: async (request, call) => ask("unwrap", driver().unwrap(request, call)),
      ...(generates && {
        generateDataKey: async (context: BoundContext, call: Parameters<KmsDriver["wrap"]>[1]) => {
          const answer = driver().generateDataKey?.(context, call);
          if (answer === undefined) throw new TypeError("expected generateDataKey");
          return ask("generateDataKey", answer);
        },
      }),
    };
  };
  const ask = async <T>(operation: DriverOperation, answer: Promise<T>): Promise<T> => {
    asked.push(operation);
    return answer;
  };
  const kms = multiCloudKms({
    adapters: [{ ...adapter, open, ...adapterChanges }],
    clock,
    onEvent: (event) => void events.push(event),
  });
  return { kms, clock, events, asked, change: (next) => void (changes = next) };
}
