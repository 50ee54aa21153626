import type { Envelope } from "@cmkit/core";
import type { FakeClock } from "@cmkit/core/testing";
import type { Registry } from "../../src/registry.ts";
import { codeOf, registerKey, type World } from "../registry/world.ts";

export const project = "acme";
const text = Buffer.from("ada@example.com");

/** A project with key a as its default, under which some data keys were made, and key b. */
export interface Moving {
  readonly registry: Registry;
  readonly a: string;
  readonly b: string;
  /** Each under a data key of its own. */
  readonly sealed: readonly Uint8Array[];
}

export async function moving(world: World, dataKeys = 3, first = "a"): Promise<Moving> {
  const registry = world.process();
  const a = await registerKey(registry, first, true);
  const sealed = await sealUnder(registry.envelope({ service: "crm" }), dataKeys);
  const b = await registerKey(registry, "b");
  return { registry, a: a.id, b: b.id, sealed };
}

/** Each under a data key of its own. */
export async function sealUnder(box: Envelope, dataKeys: number): Promise<Uint8Array[]> {
  const sealed: Uint8Array[] = [];
  for (let i = 0; i < dataKeys; i += 1) sealed.push(await box.seal(text, { tenant: project, context: { shard: `${i}` } }));
  return sealed;
}

/** How opening went in a new process: `opened`, or the codes, each once. */
export async function openAll(world: World, sealed: readonly Uint8Array[]): Promise<readonly string[]> {
  const box = world.process().envelope({ service: "crm" });
  const outcomes = sealed.map(async (each, i) =>
    codeOf(async () => {
      const plain = await box.open(each, { tenant: project, context: { shard: `${i}` } });
      return Buffer.compare(plain, text) === 0 ? "opened" : "another text";
    }),
  );
  return [...new Set(await Promise.all(outcomes))];
}

export async function counts(registry: Registry, ...ids: readonly string[]): Promise<readonly number[]> {
  return Promise.all(ids.map(async (id) => registry.dataKeyCount(project, id)));
}

/** What becomes of a rewrap whose waits pass at once. */
export async function waited<T>(clock: FakeClock, running: Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = running.finally(() => over.abort());
  done.catch(() => {});
  while (!over.signal.aborted) await clock.advance(500);
  return done;
}
