import { randomBytes } from "node:crypto";
import { fieldEncryption, isKmsError, multiCloudKms, type Envelope, type Kms, type KmsEvent } from "@cmkit/core";
import { fakeClock } from "@cmkit/core/testing";

import { cmkRegistry } from "../../src/cmk-registry.ts";
import type { Registry } from "../../src/registry.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import type { RevocableCloud } from "./revocable-clouds.ts";

export const ttlMs: number = 30 * 60_000;
export const text = new Uint8Array(Buffer.from("ada@example.com"));

/** What was sealed, and how it is opened. */
export type Message = readonly [sealed: Uint8Array, how: How];

export interface How {
  readonly tenant: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Processes that share a store and a clock, and ask one cloud. */
export class Deployment {
  readonly clock = fakeClock();
  private readonly store = sqliteStore(":memory:");
  private readonly recordKey = new Uint8Array(randomBytes(32));
  private readonly opened: Kms[] = [];
  private readonly cloud: RevocableCloud;

  constructor(cloud: RevocableCloud) {
    this.cloud = cloud;
  }

  process(): Process {
    const process = new Process();
    const { store, recordKey, clock } = this;
    const kms = multiCloudKms({ adapters: [this.cloud.adapter()], clock, onEvent: (event) => process.heard(event) });
    this.opened.push(kms);
    process.run(cmkRegistry({ kms, store, recordKey, sharedResources: true }));
    return process;
  }

  /** How many the cloud has had. */
  requests(): number {
    return Object.values(this.cloud.emulator.counts()).reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    for (const kms of this.opened) await kms.close();
    await this.store.close();
  }
}

/** One that reads, writes and looks for values. What comes of that is `ok`, or a code. */
export class Process {
  private made: { readonly registry: Registry; readonly box: Envelope } | undefined;
  private evicted: string[] = [];
  private refused: PromiseWithResolvers<void> = Promise.withResolvers();

  run(registry: Registry): void {
    this.made = { registry, box: registry.envelope({ service: "crm", cache: { ttlMs } }) };
  }

  heard(event: KmsEvent): void {
    if (event.type !== "evict" || event.reason !== "refused") return;
    this.evicted.push(event.tenant);
    const { resolve } = this.refused;
    setImmediate(() => resolve()); // one refusal drops all that it drops at once
  }

  get registry(): Registry {
    return this.parts.registry;
  }

  get box(): Envelope {
    return this.parts.box;
  }

  /** Whose data keys the next refusal drops, once for each. */
  async nextRefusal(before: () => Promise<unknown>): Promise<readonly string[]> {
    this.evicted = [];
    this.refused = Promise.withResolvers();
    await before();
    await this.refused.promise;
    return this.evicted;
  }

  async seal(how: How): Promise<Message> {
    return [await this.box.seal(text, how), how];
  }

  async sealing(how: How): Promise<string> {
    return codeOf(this.box.seal(text, how));
  }

  async opening(...messages: readonly Message[]): Promise<readonly string[]> {
    const codes: string[] = [];
    for (const message of messages) codes.push(await codeOf(this.box.open(...message)));
    return codes;
  }

  async looking({ tenant, context = {} }: How): Promise<string> {
    const fields = { email: { index: "emailIndex" } } as const;
    const pii = fieldEncryption({ envelope: this.box, table: "customers", rowId: "id", fields });
    return codeOf(pii.for(tenant, { context }).index("email", "ada@example.com"));
  }

  private get parts(): { readonly registry: Registry; readonly box: Envelope } {
    if (this.made === undefined) throw new TypeError("expected a process that runs");
    return this.made;
  }
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "ok",
    (error: unknown) => {
      if (isKmsError(error)) return error.code;
      throw error;
    },
  );
}
