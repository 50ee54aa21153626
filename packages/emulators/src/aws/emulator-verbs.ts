import { randomBytes } from "node:crypto";

import type { CallLog } from "../call-log.ts";
import type { EmulatorVerbs } from "../emulator-verbs.ts";
import type { FaultScript } from "../fault-script.ts";
import { addKeys } from "./key-factory.ts";
import type { AwsKeySpec } from "./key-material.ts";
import { snapshotKey } from "./key-snapshot.ts";
import type { KeyStore } from "./key-store.ts";
import { cancelDeletion, type KeyState, type KmsKey, rotate, scheduleDeletion, setEnabled, stateOf } from "./kms-key.ts";
import type { Denial } from "./policy.ts";
import { type AwsSeed, type AwsSeedKey, parseAwsSeedKey, parseDenial } from "./seed.ts";

/** A key, as an emulator lists it. */
export interface AwsEmulatorKey {
  readonly arn: string;
  readonly aliases: readonly string[];
  readonly keySpec: AwsKeySpec;
  readonly keyState: KeyState;
}

/** What every emulator does, and what is AWS's own. Keys go by their ARN. */
export interface AwsEmulatorVerbs extends EmulatorVerbs<AwsEmulatorKey, AwsSeedKey, Denial, AwsSeed> {
  readonly region: string;
  /** Those of the seed's first principal. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** The ARN of the only key with this alias. */
  keyArn(alias: string): string;
}

/** The verbs over what an emulator is made of. */
export function emulatorVerbs(
  seed: AwsSeed,
  store: KeyStore,
  faults: FaultScript,
  log: CallLog,
  clock: () => number,
): AwsEmulatorVerbs {
  const [operator] = seed.principals;
  if (operator === undefined) throw new TypeError("seed.principals: expected at least one principal, got none");
  const { accessKeyId, secretAccessKey, sessionToken } = operator;

  function find(arn: string): KmsKey {
    const key = store.get(arn);
    if (key === undefined) throw new TypeError(`arn: expected the ARN of a key of this emulator, got ${arn}`);
    return key;
  }
  return {
    controlToken: randomBytes(32).toString("base64url"),
    region: seed.region ?? seed.keys[0]?.region ?? "us-east-1",
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    get keys() {
      return store.list().map((key) => ({
        arn: key.arn,
        aliases: store.aliasesOf(key.arn).map(({ name }) => name),
        keySpec: key.keySpec,
        keyState: stateOf(key, clock()),
      }));
    },
    faults,
    keyArn: (alias) => {
      const found = store.list().filter((key) => store.aliasesOf(key.arn).some(({ name }) => name === alias));
      const [key] = found;
      if (key === undefined || found.length > 1)
        throw new TypeError(`alias: expected one key with ${alias}, got ${found.length}`);
      return key.arn;
    },
    calls: () => log.list(),
    counts: () => log.counts(),
    requestSeconds: () => log.arrivals.list(),
    resetCalls: () => log.reset(),
    disableKey: (arn) => setEnabled(find(arn), false, clock()),
    enableKey: (arn) => setEnabled(find(arn), true, clock()),
    scheduleKeyDeletion: (arn, days = 30) => void scheduleDeletion(find(arn), days, clock()),
    cancelKeyDeletion: (arn) => cancelDeletion(find(arn)),
    deny: (arn, denial = {}) => {
      const key = find(arn);
      key.denials = [...key.denials, parseDenial(denial)];
    },
    allow: (arn) => {
      find(arn).denials = [];
    },
    rotate: (arn) => void rotate(find(arn), clock()),
    createKey: async (key) => {
      const [made] = await addKeys(store, [parseAwsSeedKey(key)], clock());
      if (made === undefined) throw new TypeError("key: expected one key, got none");
      return made.arn;
    },
    snapshot: () => ({ ...seed, keys: store.list().map((key) => snapshotKey(store, key, clock())) }),
  };
}
