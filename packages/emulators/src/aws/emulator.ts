import { setTimeout as wait } from "node:timers/promises";

import { CallLog } from "../call-log.ts";
import { controlActions } from "../control-actions.ts";
import { emulatorServer, type EmulatorServer } from "../emulator-server.ts";
import { FaultScript } from "../fault-script.ts";
import { type AwsEmulatorVerbs, emulatorVerbs } from "./emulator-verbs.ts";
import { addKeys } from "./key-factory.ts";
import { KeyStore } from "./key-store.ts";
import { type AwsSeed, defaultAwsSeed, parseAwsSeed, parseAwsSeedKey, parseDenial } from "./seed.ts";
import { kmsService } from "./service.ts";

/** How an emulator is started. */
export interface AwsEmulatorOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** What it starts with; {@link defaultAwsSeed} without. Checked, so it may come straight from a file. */
  readonly seed?: AwsSeed;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly clock?: () => number;
  /** How a latency fault waits; a timer by default. */
  readonly delay?: (ms: number) => Promise<void>;
}

/** A running AWS KMS emulator. */
export interface AwsEmulator extends AwsEmulatorVerbs, EmulatorServer {}

/**
 * Starts an AWS KMS emulator on 127.0.0.1, for the official SDKs: `new KMSClient({ region, endpoint: url, credentials })`.
 * Requests are signed and verified, keys are real, and one emulator serves every region its seed names.
 *
 * @throws {TypeError | RangeError} when the seed is not well formed.
 */
export async function awsEmulator(options: AwsEmulatorOptions = {}): Promise<AwsEmulator> {
  const clock = options.clock ?? Date.now;
  const seed = parseAwsSeed(options.seed ?? defaultAwsSeed());
  const store = new KeyStore(clock);
  const faults = new FaultScript();
  const log = new CallLog();
  await addKeys(store, seed.keys, clock());

  const stopped = new AbortController();
  const verbs = emulatorVerbs(seed, store, faults, log, clock);
  const service = kmsService({
    principals: new Map(seed.principals.map((principal) => [principal.accessKeyId, principal])),
    store,
    faults,
    calls: log,
    clock,
    delay: options.delay ?? ((ms) => wait(ms, undefined, { signal: stopped.signal })),
  });
  const server = await emulatorServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    service,
    controls: {
      token: verbs.controlToken,
      actions: controlActions(verbs, { seedKey: parseAwsSeedKey, denial: parseDenial }),
      faults,
      calls: log,
    },
    stopped,
  });
  return {
    ...verbs,
    // A spread reads a getter once.
    get keys() {
      return verbs.keys;
    },
    ...server,
  };
}
