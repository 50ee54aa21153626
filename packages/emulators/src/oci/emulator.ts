import { setTimeout as wait } from "node:timers/promises";

import { CallLog } from "../call-log.ts";
import { controlActions } from "../control-actions.ts";
import { emulatorServer, type EmulatorServer } from "../emulator-server.ts";
import { FaultScript } from "../fault-script.ts";
import { emulatorVerbs, type OciEmulatorVerbs } from "./emulator-verbs.ts";
import { addKeys, addVaults } from "./key-factory.ts";
import { KeyStore } from "./key-store.ts";
import { principalsOf } from "./principal.ts";
import type { Quirks } from "./quirks.ts";
import { defaultOciSeed, type OciSeed, parseOciDenial, parseOciSeed, parseOciSeedKey } from "./seed.ts";
import { ociService } from "./service.ts";

/** How an emulator is started. */
export interface OciEmulatorOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** What it starts with; {@link defaultOciSeed} without. Checked, so it may come straight from a file. */
  readonly seed?: OciSeed;
  /** Milliseconds since 1970; the system's clock by default. Signatures are held against it too. */
  readonly clock?: () => number;
  /** How a latency fault waits; a timer by default. */
  readonly delay?: (ms: number) => Promise<void>;
  readonly quirks?: Quirks;
}

/** A running OCI Vault emulator. */
export interface OciEmulator extends OciEmulatorVerbs, EmulatorServer {}

/**
 * Starts an OCI Vault emulator on 127.0.0.1, for the official SDKs: `client.endpoint = emulator.url` for vault, management and
 * crypto clients alike. Requests are signed and verified, keys are real, and one emulator serves every vault its seed names.
 *
 * @throws {TypeError | RangeError} when the seed is not well formed.
 */
export async function ociEmulator(options: OciEmulatorOptions = {}): Promise<OciEmulator> {
  const clock = options.clock ?? Date.now;
  const seed = parseOciSeed(options.seed ?? defaultOciSeed());
  const principals = principalsOf(seed.principals);
  const store = new KeyStore(clock);
  const faults = new FaultScript();
  const log = new CallLog();
  addVaults(store, seed, clock());
  await addKeys(store, seed.keys, clock());

  const stopped = new AbortController();
  const verbs = emulatorVerbs(seed, store, faults, log, clock);
  const service = ociService({
    principals,
    store,
    faults,
    calls: log,
    clock,
    delay: options.delay ?? ((ms) => wait(ms, undefined, { signal: stopped.signal })),
    quirks: options.quirks ?? {},
  });
  const server = await emulatorServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    service,
    controls: {
      token: verbs.controlToken,
      actions: controlActions(verbs, { seedKey: parseOciSeedKey, denial: parseOciDenial }),
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
