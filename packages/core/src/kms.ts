import { systemClock, type Clock } from "./clock.ts";
import { refuseUncheckedTls } from "./call.ts";
import { isIdentifier, isProvider, maxResourceLength, type Cmk, type PublicKeyPin } from "./cmk.ts";
import type { KmsAdapter } from "./driver.ts";
import { eventHub, type EventHub, type EventSink } from "./events.ts";
import { KeyMemory } from "./key-memory.ts";
import { DrivenKey, type KmsKey } from "./kms-key.ts";
import { KmsError } from "./kms-error.ts";
import type { Pace } from "./pace.ts";

/** Keys in several clouds behind one contract. */
export interface Kms {
  /**
   * Opens a key: parses, sends nothing.
   *
   * @param options.pin The version and SHA-256 of the public key that an RSA key must have. Without one, the first
   * answer is pinned for as long as this `Kms` lives, and the first wrap is opened once before it is trusted.
   * @throws {KmsError} `invalid-resource`: outside the cloud's grammar. `adapter-missing`: with the command that installs it.
   */
  open(cmk: Cmk, options?: { readonly pin?: PublicKeyPin }): KmsKey;
  /** Where the events of everything that is built on this `Kms` go. */
  readonly events: EventHub;
  /** Where everything that is built on this `Kms` takes its time from. */
  readonly clock: Clock;
  /**
   * The same adapters without what was learned of keys: for a check that must not rest on earlier answers. A refusal is what
   * a check asks for, so it is not told as `refused`. It is not closed.
   *
   * @param options.pace Says when each request may be sent: for long jobs.
   */
  withoutMemory(options?: { readonly pace?: Pace }): Kms;
  /** Closes the adapters' connections. */
  close(): Promise<void>;
}

export interface MultiCloudKmsOptions {
  /** One a provider. */
  readonly adapters: readonly KmsAdapter[];
  /** Called with every event; see {@link KmsEvent}. The same events are published on `node:diagnostics_channel` "cmkit". */
  readonly onEvent?: EventSink;
  /** For tests: see `fakeClock` in `@cmkit/core/testing`. */
  readonly clock?: Clock;
}

/**
 * One `Kms` out of one adapter a cloud.
 *
 * @throws {TypeError} for two adapters of one provider.
 * @throws {KmsError} `unsupported`: while NODE_TLS_REJECT_UNAUTHORIZED=0 turns off the checking of certificates.
 */
export function multiCloudKms(options: MultiCloudKmsOptions): Kms {
  refuseUncheckedTls();
  const adapters = new Map<string, KmsAdapter>();
  for (const adapter of options.adapters) {
    if (!isProvider(adapter.provider)) throw new TypeError("expected an adapter's provider to match [a-z][a-z0-9-]{0,31}");
    if (adapters.has(adapter.provider)) throw new TypeError(`expected one adapter a provider, got two for ${adapter.provider}`);
    adapters.set(adapter.provider, adapter);
  }
  const events = eventHub(options.onEvent);
  const clock = options.clock ?? systemClock;
  return kmsOver(adapters, events, clock, undefined);
}

function kmsOver(adapters: ReadonlyMap<string, KmsAdapter>, events: EventHub, clock: Clock, pace: Pace | undefined): Kms {
  const runtime = { clock, random: Math.random, memory: new KeyMemory(), emit: events.emit, pace };
  return {
    events,
    clock,
    withoutMemory({ pace: ofJob } = {}) {
      const emit: EventSink = (event) => void (event.type !== "refused" && events.emit(event));
      return kmsOver(adapters, { ...events, emit }, clock, ofJob);
    },
    open(cmk, { pin } = {}) {
      const { provider, resource } = checkedCmk(cmk);
      const adapter = adapters.get(provider) ?? adapterMissing(provider);
      return new DrivenKey(adapter, adapter.open(resource), pin && checkedPin(pin, adapter), runtime);
    },
    async close() {
      await Promise.all([...adapters.values()].map(async (adapter) => adapter.close?.()));
    },
  };
}

function checkedCmk(cmk: Cmk): Cmk {
  if (typeof cmk !== "object" || cmk === null) throw new TypeError("expected a CMK { provider, resource }");
  const { provider, resource } = cmk;
  if (typeof provider !== "string") throw new TypeError(`expected provider to be a string, got ${typeof provider}`);
  if (typeof resource !== "string") throw new TypeError(`expected resource to be a string, got ${typeof resource}`);
  if (resource.length === 0 || resource.length > maxResourceLength) {
    throw new KmsError("invalid-resource", { detail: `expected 1 to ${maxResourceLength} characters, got ${resource.length}` });
  }
  if (!isIdentifier(resource, maxResourceLength)) {
    throw new KmsError("invalid-resource", { detail: "expected well-formed text without control characters" });
  }
  return { provider, resource };
}

function checkedPin(pin: PublicKeyPin, { keyVersionGrammar, provider }: KmsAdapter): PublicKeyPin {
  if (!(pin.spkiSha256 instanceof Uint8Array) || pin.spkiSha256.length !== 32)
    throw new TypeError("expected pin.spkiSha256 to be 32 bytes");
  if (pin.keyVersion !== null && !(typeof pin.keyVersion === "string" && keyVersionGrammar.test(pin.keyVersion))) {
    throw new TypeError(`expected pin.keyVersion to be null or a key version of ${provider}`);
  }
  return { keyVersion: pin.keyVersion, spkiSha256: pin.spkiSha256.slice() };
}

const published = new Set(["aws", "gcp", "azure", "oci"]);

function adapterMissing(provider: string): never {
  const detail = published.has(provider)
    ? `run "npm install @cmkit/${provider}" and add ${provider}() to the adapters`
    : provider === "local"
      ? `add local() from "@cmkit/core/local" to the adapters`
      : "expected aws, gcp, azure, oci, local or the name of another adapter in the list, in exactly these letters";
  throw new KmsError("adapter-missing", { detail });
}
