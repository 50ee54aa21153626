import { setTimeout as wait } from "node:timers/promises";
import type { ConformanceFault, ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import type { DriverCall, DriverOperation, Failure, KmsAdapter, KmsDriver } from "../src/driver.ts";
import { KmsError, type KmsErrorCode } from "../src/kms-error.ts";
import { local, type LocalKey } from "../src/local.ts";

type State = "enabled" | "disabled" | "pending-deletion";

interface HeldKey {
  readonly spec: ConformanceKey;
  /** One local driver a version, the newest last. */
  readonly versions: KmsDriver[];
  state: State;
  denied: boolean;
}

/** What the service answers when it refuses: an SDK would throw it. */
class ServiceError extends Error {
  override readonly name: string;
  constructor(name: string, message = "the service's own words") {
    super(message);
    this.name = name;
  }
}

const codes: Readonly<Record<string, KmsErrorCode>> = {
  NotFound: "key-not-found",
  Denied: "access-denied",
  Disabled: "key-disabled",
  PendingDeletion: "key-pending-deletion",
  BadCiphertext: "decrypt-failed",
  SlowDown: "throttled",
  Overloaded: "unavailable",
  SyntaxError: "bad-answer",
};

const stateErrors: Readonly<Record<State, string | undefined>> = {
  enabled: undefined,
  disabled: "Disabled",
  "pending-deletion": "PendingDeletion",
};

/**
 * A KMS in this process, with key states, permissions, rotation and scripted faults over the local provider's cryptography:
 * it lets every case of the suite run, so that the suite itself can be tested.
 */
export class ScriptedKms {
  requests = 0;
  private readonly keys = new Map<string, HeldKey>();
  private readonly materials: Readonly<Record<string, () => LocalKey>>;
  private faults: { fault: ConformanceFault; left: number }[] = [];

  /** @param materials What makes a version of the key `NAME`, whose resource is `scripted:NAME`. */
  constructor(specs: readonly ConformanceKey[], materials: Readonly<Record<string, () => LocalKey>>) {
    this.materials = materials;
    for (const spec of specs) {
      for (const resource of [spec.resource, spec.other]) {
        this.keys.set(resource, { spec: { ...spec, resource }, versions: [], state: "enabled", denied: false });
        this.rotate(resource);
      }
    }
  }

  adapter(): KmsAdapter {
    const open = (resource: string): KmsDriver => {
      if (!/^scripted:(?:alias\/)?[a-z0-9-]{1,60}$/.test(resource)) {
        throw new KmsError("invalid-resource", { provider: "scripted", detail: "expected scripted:NAME" });
      }
      return this.driver(resource);
    };
    return { provider: "scripted", keyVersionGrammar: /^[1-9][0-9]{0,5}$/, open, classify };
  }

  /** @param change Makes a broken adapter of the good one. */
  harness(keys: readonly ConformanceKey[], change: (adapter: KmsAdapter) => KmsAdapter = (same) => same): ConformanceHarness {
    return {
      adapter: () => change(this.adapter()),
      keys,
      missing: "scripted:missing",
      invalid: ["scripted", "scripted:", "scripted:UPPER", "scripted:../other", "local:one", "scripted:%6fne"],
      emulated: true,
      secrets: ["the service's own words"],
      controls: {
        setState: (resource, state) => void (this.held(resource).state = state),
        setAccess: (resource, access) => void (this.held(resource).denied = access === "denied"),
        rotate: (resource) => this.rotate(resource),
        fault: (fault) => void this.faults.push({ fault, left: fault.times }),
      },
      requests: () => this.requests,
      reset: () => this.reset(),
    };
  }

  private reset(): void {
    this.faults = [];
    for (const key of this.keys.values()) Object.assign(key, { state: "enabled", denied: false });
  }

  private rotate(resource: string): void {
    const material = this.materials[resource.slice("scripted:".length)];
    if (material === undefined) throw new TypeError(`expected material of ${resource}`);
    const version = local({ keys: { version: material() } }).open("local:version");
    this.held(resource).versions.push(version);
  }

  private held(name: string): HeldKey {
    const found = [...this.keys.values()].find(({ spec }) => spec.alias === name) ?? this.keys.get(name);
    if (found === undefined) throw new ServiceError("NotFound");
    return found;
  }

  private driver(resource: string): KmsDriver {
    const send = async <T extends object>(
      operation: DriverOperation,
      call: DriverCall,
      version: string | null,
      work: (driver: KmsDriver, key: HeldKey) => Promise<T>,
    ): Promise<T & { answeredBy: string; keyVersion: string; requestId: string }> => {
      this.requests += 1;
      const fault = this.takeFault(operation, resource);
      await before(fault, call.signal);
      const key = this.held(resource);
      if (key.denied) throw new ServiceError("Denied");
      const refusal = operation === "describe" ? undefined : stateErrors[key.state];
      if (refusal !== undefined) throw new ServiceError(refusal);
      const index = version === null ? key.versions.length - 1 : Number(version) - 1;
      const driver = key.versions[index];
      if (driver === undefined) throw new ServiceError("BadCiphertext");
      const answer = await work(driver, key);
      const answeredBy = fault?.kind === "another-key" ? fault.other : key.spec.resource;
      const changed = fault?.kind === "wrong-length" ? { plaintext: new Uint8Array(31) } : {};
      return { ...answer, ...changed, answeredBy, keyVersion: String(index + 1), requestId: `request-${this.requests}` };
    };
    return {
      resource,
      resolved: !resource.startsWith("scripted:alias/"),
      async describe(version, call) {
        const answer = await send("describe", call, version, async (driver, key) => ({
          ...(await driver.describe(null, call)),
          state: key.state,
          emulated: true,
        }));
        const { answeredBy, ...described } = answer;
        return { ...described, resource: answeredBy };
      },
      publicKey: async (version, call) => send("publicKey", call, version, async (driver) => driver.publicKey(null, call)),
      wrap: async (request, call) => send("wrap", call, null, async (driver) => driver.wrap(request, call)),
      unwrap: async (request, call) =>
        send("unwrap", call, request.keyVersion, async (driver) => driver.unwrap({ ...request, keyVersion: "1" }, call)),
      generateDataKey: async (context, call) =>
        send("generateDataKey", call, null, async (driver) => {
          const plaintext = crypto.getRandomValues(new Uint8Array(32));
          return { ...(await driver.wrap({ plaintext, context, keyVersion: null }, call)), plaintext };
        }),
    };
  }

  private takeFault(operation: DriverOperation, resource: string): ConformanceFault | undefined {
    const entry = this.faults.find(({ fault, left }) => left > 0 && fault.operation === operation && fault.resource === resource);
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.fault;
  }
}

function classify(error: unknown): Failure {
  return { code: (error instanceof Error ? codes[error.name] : undefined) ?? "unknown" };
}

async function before(fault: ConformanceFault | undefined, signal: AbortSignal): Promise<void> {
  if (fault?.kind === "hang") await wait(10_000, undefined, { signal, ref: false });
  if (fault?.kind === "throttle") throw new ServiceError("SlowDown");
  if (fault?.kind === "unavailable") throw new ServiceError("Overloaded");
  if (fault?.kind === "talkative") throw new ServiceError("Internal", fault.text);
  if (fault?.kind === "html") JSON.parse("<html></html>");
  if (fault?.kind === "empty") JSON.parse("");
}
