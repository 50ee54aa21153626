import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Cmk, PublicKeyPin, WrappedKey } from "../cmk.ts";
import type { Context } from "../context.ts";
import type { DriverOperation, KmsAdapter } from "../driver.ts";
import type { CallEvent } from "../events.ts";
import { isKmsError, type KmsError, type KmsErrorCode } from "../kms-error.ts";
import { multiCloudKms, type Kms } from "../kms.ts";
import type { KmsKey } from "../kms-key.ts";
import type { ConformanceControls, ConformanceFault, ConformanceHarness, ConformanceKey } from "./harness.ts";
import { SecretSearch, telltaleBytes } from "./secret-search.ts";
import { Watch, watchedAdapter } from "./watched-adapter.ts";

/** Enough for a service on a busy machine; the cases about deadlines set their own. */
export const patient = { timeoutMs: 20_000 } as const;

type ControlFunction<N extends keyof ConformanceControls> = Exclude<ConformanceControls[N], string>;

/** What one case works with: a fresh adapter, one key, and checks that hold in every case. */
export class CaseRun {
  readonly harness: ConformanceHarness;
  readonly spec: ConformanceKey;
  readonly watch: Watch = new Watch();
  readonly adapter: KmsAdapter;
  readonly events: CallEvent[] = [];
  readonly secrets: SecretSearch = new SecretSearch();
  readonly context: Context;
  private readonly opened: Kms[] = [];
  private lastKms: Kms;

  constructor(harness: ConformanceHarness, spec: ConformanceKey) {
    this.harness = harness;
    this.spec = spec;
    this.adapter = watchedAdapter(harness.adapter(), this.watch);
    this.context = { tenant: "acme", purpose: `further value ${randomBytes(12).toString("hex")}` };
    this.secrets.addText("a value of the context", this.context["purpose"] ?? "");
    for (const secret of harness.secrets ?? []) this.secrets.addText("a secret of the harness", secret);
    this.lastKms = this.freshKms();
  }

  /** A `Kms` that has learned nothing, over the same adapter. */
  freshKms(): Kms {
    const onEvent = (event: unknown): unknown => this.events.push(event as CallEvent);
    this.lastKms = multiCloudKms({ adapters: [this.adapter], onEvent });
    this.opened.push(this.lastKms);
    return this.lastKms;
  }

  cmk(resource: string = this.spec.resource): Cmk {
    return { provider: this.adapter.provider, resource };
  }

  /** Opens a key with the `Kms` made last. */
  open(resource: string = this.spec.resource, pin?: PublicKeyPin): KmsKey {
    return this.lastKms.open(this.cmk(resource), pin === undefined ? {} : { pin });
  }

  /** 32 random bytes that no error may show. */
  root(): Uint8Array {
    const root = new Uint8Array(randomBytes(32));
    this.secrets.addBytes("a key", root);
    return root;
  }

  /** Wraps a fresh root. */
  async wrap(key: KmsKey, context: Context = this.context): Promise<{ root: Uint8Array; wrapped: WrappedKey }> {
    const root = this.root();
    const wrapped = await key.wrapKey(root, context, patient);
    // Where a wrap begins with the key's id in clear, every event that names the key would seem to show the wrap.
    const start = Buffer.from(wrapped.bytes.subarray(0, telltaleBytes)).toString("latin1");
    if (!wrapped.cmk.resource.includes(start)) this.secrets.addBytes("a wrapped key", wrapped.bytes);
    return { root, wrapped };
  }

  /** The call must fail with one of `codes`, in an error that shows no secret. */
  async refused(call: Promise<unknown>, ...codes: readonly KmsErrorCode[]): Promise<KmsError> {
    const error = await call.then(
      () => assert.fail(`expected ${codes.join(" or ")}, but the call succeeded`),
      (thrown: unknown) => thrown,
    );
    return this.checkError(error, codes);
  }

  /** As {@link refused}, for what must throw before it returns. */
  refusedAtOnce(call: () => unknown, ...codes: readonly KmsErrorCode[]): KmsError {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    return this.checkError(error, codes);
  }

  /** What `work` makes the drivers do, in order. */
  async operationsOf(work: () => Promise<unknown>): Promise<readonly DriverOperation[]> {
    const before = this.watch.operations.length;
    await work();
    return this.watch.operations.slice(before);
  }

  /** Nothing that `work` does may reach a driver. */
  async silent(work: () => unknown): Promise<void> {
    assert.deepEqual(await this.operationsOf(async () => work()), [], "expected no call to the driver");
  }

  control<N extends keyof ConformanceControls>(name: N): ControlFunction<N> {
    const control = this.harness.controls[name];
    if (typeof control === "string") throw new TypeError(`the harness has no ${name}: ${control}`);
    return control as ControlFunction<N>;
  }

  async fault(kind: ConformanceFault["kind"], operation: DriverOperation, times = 1, text = ""): Promise<void> {
    const { resource, other } = this.spec;
    await this.control("fault")({ kind, operation, resource, times, other, text });
  }

  async reset(): Promise<void> {
    await this.harness.reset?.();
  }

  /** What holds after every case: calls have ended, and events are as silent as errors. */
  async checkAftermath(): Promise<void> {
    assert.ok(await this.watch.settled(2000), "a driver call went on after its signal was aborted");
    for (const event of this.events) this.checkSilent(event, "an event");
  }

  async close(): Promise<void> {
    for (const kms of this.opened) await kms.close();
  }

  private checkError(error: unknown, codes: readonly KmsErrorCode[]): KmsError {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(isKmsError(error), `expected a KmsError ${codes.join(" or ")}, got ${String(error)}`);
    this.checkSilent(error, `the error ${error.code}`);
    assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
    return error;
  }

  private checkSilent(value: unknown, what: string): void {
    const secret = this.secrets.find(value);
    assert.equal(secret, undefined, `${what} shows ${secret}`);
  }
}

/** Runs `work` for every item, at most `width` at once. */
export async function eachOf<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

/** Handed out to callers: a `Uint8Array` of its own, no `Buffer` and no view into a pool. */
export function assertPlainBytes(bytes: Uint8Array, what: string): void {
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, `${what} must be a plain Uint8Array`);
  assert.equal(bytes.buffer.byteLength, bytes.length, `${what} must not be a view into a larger buffer`);
}
