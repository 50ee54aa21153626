import { setTimeout as wait } from "node:timers/promises";

import { CallLog } from "../call-log.ts";
import { controlActions } from "../control-actions.ts";
import { emulatorServer, type EmulatorServer } from "../emulator-server.ts";
import { FaultScript } from "../fault-script.ts";
import { emulatorVerbs, type GcpEmulatorVerbs } from "./emulator-verbs.ts";
import { addKeys } from "./key-factory.ts";
import { grpcServer } from "./grpc-server.ts";
import { KeyStore } from "./key-store.ts";
import { restServer } from "./rest-server.ts";
import { defaultGcpSeed, type GcpSeed, parseDenial, parseGcpSeed, parseGcpSeedKey } from "./seed.ts";
import { kmsService } from "./service.ts";

/** How an emulator is started. */
export interface GcpEmulatorOptions {
  /** Of REST and the controls. 0 (the default) takes any free port. */
  readonly port?: number;
  /** Of gRPC. 0 (the default) takes any free port. */
  readonly grpcPort?: number;
  /** What it starts with; {@link defaultGcpSeed} without. Checked, so it may come straight from a file. */
  readonly seed?: GcpSeed;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly clock?: () => number;
  /** How a latency fault waits; a timer by default. */
  readonly delay?: (ms: number) => Promise<void>;
}

/** A running Google Cloud KMS emulator. */
export interface GcpEmulator extends GcpEmulatorVerbs, EmulatorServer {
  readonly grpcPort: number;
  /** `http://127.0.0.1:PORT`, where the same service speaks gRPC without TLS. */
  readonly grpcUrl: string;
}

/**
 * Starts a Google Cloud KMS emulator on 127.0.0.1, for the official SDK. Over REST:
 * `new KeyManagementServiceClient({ fallback: true, protocol: "http", apiEndpoint: "127.0.0.1", port, authClient })`.
 * Over gRPC, `port: grpcPort` and `sslCreds: credentials.createInsecure()`: on a channel without TLS the SDK sends no token,
 * so each call gives it, as `otherArgs: { headers: { authorization } }`.
 * Requests want the access token of a principal, keys are real, and one emulator serves every project and location.
 *
 * @throws {TypeError | RangeError} when the seed is not well formed.
 */
export async function gcpEmulator(options: GcpEmulatorOptions = {}): Promise<GcpEmulator> {
  const clock = options.clock ?? Date.now;
  const seed = parseGcpSeed(options.seed ?? defaultGcpSeed());
  const store = new KeyStore(clock);
  const faults = new FaultScript();
  const log = new CallLog();
  for (const name of seed.keyRings ?? []) store.addRing({ name, createdAtMs: clock() });
  await addKeys(store, seed.keys, seed, clock());

  const stopped = new AbortController();
  const verbs = emulatorVerbs({ seed, store, faults, log, clock });
  const service = kmsService({
    principals: seed.principals,
    store,
    faults,
    calls: log,
    clock,
    delay: options.delay ?? ((ms) => wait(ms, undefined, { signal: stopped.signal })),
  });
  const server = await emulatorServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    // Encrypt carries twice 64 KiB in base64.
    maxBodyBytes: 262_144,
    service: restServer(service, log),
    controls: {
      token: verbs.controlToken,
      actions: controlActions(verbs, { seedKey: parseGcpSeedKey, denial: parseDenial }),
      faults,
      calls: log,
    },
    stopped,
  });
  const grpc = await grpcServer(service, options.grpcPort).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await Promise.all([server.close(), grpc.close()]);
  };
  return {
    ...verbs,
    // A spread reads a getter once.
    get keys() {
      return verbs.keys;
    },
    ...server,
    grpcPort: grpc.port,
    grpcUrl: grpc.url,
    close,
    [Symbol.asyncDispose]: close,
  };
}
