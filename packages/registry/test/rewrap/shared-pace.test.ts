import { setImmediate as turn } from "node:timers/promises";
import { KmsError } from "@cmkit/core";
import { expect, it } from "vitest";
import type { RewrapOptions, RewrapProgress } from "../../src/rewrap-progress.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { World } from "../registry/world.ts";
import { moving, project } from "./rewrap-world.ts";

const dataKeys = 30;
/** Unwrapped, wrapped and unwrapped again. */
const requestsEach = 3;
const quota = { name: "double of one account", perSecond: 100 };

/** A world whose store takes its time from the fake clock, and in which data keys of key a are to move to key b. */
async function pacedWorld() {
  const inMemory = sqliteStore(":memory:");
  /** All that the shared rate ever was, oldest first. */
  const rates: number[] = [];
  const world: World = new World(() => timed(inMemory, () => world.clock.wallMs(), rates));
  const { registry, a, b } = await moving(world, dataKeys);
  // From here on only the rewrap asks.
  await registry.check(project, b);
  await registry.update(project, b, { defaultCmk: true });
  await registry.update(project, a, { status: "old" });
  /** When each request was sent, since the rewrap began. */
  const sentMs: number[] = [];
  const begunMs = world.clock.monotonicMs();
  const note = async (): Promise<void> => void sentMs.push(world.clock.monotonicMs() - begunMs);
  world.cloud.onUnwrap = note;
  world.cloud.onWrap = note;
  const rewrap = async (options: Partial<RewrapOptions> = {}, processes = 1): Promise<readonly RewrapProgress[]> => {
    const all = Array.from({ length: processes }, () => world.process());
    return passing(world, Promise.all(all.map(async (each) => each.rewrap(project, { from: a, to: b, ...options }))));
  };
  return { world, rates, sentMs, note, rewrap };
}

/** The rates' times are of our clock, whatever the machine's says. */
function timed(store: RegistryStore, nowMs: () => number, rates: number[]): RegistryStore {
  const write: RegistryStore["write"] = async (work, options) =>
    store.write(async (tx) => {
      const lockRate: RegistryWrites["lockRate"] = async (name) => ({ ...(await tx.lockRate(name)), nowMs: nowMs() });
      const putRate: RegistryWrites["putRate"] = async (rate) => {
        rates.push(rate.perSecond);
        return tx.putRate(rate);
      };
      return work(instead(tx, { lockRate, putRate }));
    }, options);
  return instead(store, { write });
}

/** The same, but for some of its methods. */
function instead<T extends object>(whole: T, some: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in some ? some : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Time passes in small steps, in which the store has time to answer. */
async function passing<T>({ clock }: World, running: Promise<T>): Promise<T> {
  const over = new AbortController();
  const end = (): void => over.abort();
  running.then(end, end);
  while (!over.signal.aborted) {
    for (let i = 0; i < 5; i += 1) await turn();
    await clock.advance(5);
  }
  return running;
}

/** However slow the machine is: at no moment had more been sent than the rate allows since the rewrap began. */
function expectAtMost(perSecond: number, sentMs: readonly number[]): void {
  const tooEarly = sentMs.filter((ms, before) => before > 2 + (perSecond * ms) / 1000);
  expect(tooEarly).toEqual([]);
}

it("sends no more than the clouds' quota allows, whatever the number of processes", async () => {
  const { world, sentMs, rewrap } = await pacedWorld();
  world.cloud.quota = quota;
  const ended = await rewrap({}, 2);
  expect(ended.map(({ state, remaining }) => `${state} ${remaining}`)).toEqual(["done 0", "done 0"]);
  expect(sentMs.length).toBeGreaterThanOrEqual(dataKeys * requestsEach);
  expectAtMost(90, sentMs);
});

it.each([
  ["in place of a larger quota", { ...quota, perSecond: 5000 }, 1],
  ["with each key where none is documented", undefined, 2],
])("sends no more than it is told to, %s", async (_, documented, quotas) => {
  const { world, sentMs, rates, rewrap } = await pacedWorld();
  world.cloud.quota = documented;
  const [ended] = await rewrap({ requestsPerSecond: 100 });
  expect(ended).toMatchObject({ state: "done" });
  expect(new Set(rates)).toEqual(new Set([90]));
  expectAtMost(90 * quotas, sentMs);
});

it.each([
  ["documents a quota", quota],
  ["documents none", undefined],
])("lowers the rate of all when a cloud that %s throttles", async (_, documented) => {
  const { world, rates, note, rewrap } = await pacedWorld();
  world.cloud.quota = documented;
  world.cloud.onUnwrap = async () => {
    await note();
    if (!rates.some((rate) => rate < 80)) throw new KmsError("throttled");
  };
  await rewrap();
  expect(Math.min(...rates)).toBeLessThan(63.01);
});
