import { randomBytes } from "node:crypto";
import { isKmsError, multiCloudKms, type CallOptions, type Envelope, type Kms, type KmsEvent } from "@cmkit/core";
import { fakeClock, type FakeClock } from "@cmkit/core/testing";
import { onTestFinished } from "vitest";
import { cmkRegistry } from "../../src/cmk-registry.ts";
import { recordTags, type RecordTags } from "../../src/record-tags.ts";
import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import { isRegistryError } from "../../src/registry-error.ts";
import type { Registry, RegistryOptions } from "../../src/registry.ts";
import type { RegistryStore } from "../../src/store.ts";
import { CloudDouble } from "./cloud-double.ts";
import type { Engine } from "./sqlite-engine.ts";

/** One database, one cloud, and as many processes over them as a test wants. */
export class World {
  readonly cloud = new CloudDouble();
  readonly clock: FakeClock = fakeClock();
  readonly recordKey = new Uint8Array(randomBytes(32));
  readonly tags: RecordTags = recordTags(this.recordKey);
  readonly events: KmsEvent[] = [];
  /** The database as its attacker sees it: rows and tags, no keys. */
  readonly store: RegistryStore;
  /** One more store on the database. */
  readonly open: () => RegistryStore;

  constructor(open: () => RegistryStore) {
    this.open = open;
    this.store = open();
    onTestFinished(async () => this.store.close());
  }

  /** A registry with a store and a `Kms` of its own, as another process would have. */
  process(options: Partial<RegistryOptions> = {}): Registry {
    const kms: Kms = multiCloudKms({
      adapters: [this.cloud.adapter],
      clock: this.clock,
      onEvent: (event) => void this.events.push(event),
    });
    const registry = cmkRegistry({ kms, store: this.open(), recordKey: this.recordKey, ...options });
    onTestFinished(async () => registry.close());
    return registry;
  }
}

/** A world on a new database. */
export async function newWorld(engine: Engine): Promise<World> {
  return new World(await engine.database());
}

export async function registerKey(
  registry: Registry,
  name: string,
  defaultCmk = false,
  project = "acme",
): Promise<RegisteredCmk> {
  return registry.register(project, { provider: "double", resource: `double:${name}`, defaultCmk });
}

const text = Buffer.from("ada@example.com");

export async function seal(box: Envelope, tenant = "acme", options: CallOptions = {}): Promise<Uint8Array> {
  return box.seal(text, { tenant, path: ["customers", "email", "1"], ...options });
}

/** `opened` when the text came back; else the code. */
export async function opening(box: Envelope, sealed: Uint8Array, tenant = "acme"): Promise<string> {
  return codeOf(async () => {
    const plain = await box.open(sealed, { tenant, path: ["customers", "email", "1"] });
    return Buffer.compare(plain, text) === 0 ? "opened" : "another text";
  });
}

/** The code of what was thrown; what was returned, if that is a text; else `done`. */
export async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    const result = await act();
    return typeof result === "string" ? result : "done";
  } catch (error) {
    if (isKmsError(error) || isRegistryError(error)) return error.code;
    throw error;
  }
}

/** All of them. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
