import { expect, test } from "vitest";
import type { Sealer } from "../src/envelope.ts";
import { fieldEncryption } from "../src/field-encryption.ts";
import type { FakeClock } from "../src/testing/fake-clock.ts";
import { bytes, ttlMs, World } from "./envelope-world.ts";
import { minute, second, timeline, type KmsState } from "./kms-timeline.ts";

// A day of load, in steps of a second, against a KMS that works, refuses and fails by turns, for each tenant at moments of
// its own.

const day = 24 * 60 * minute;
const content = bytes("a");

/** Tenants, and how often each is read and written: some all the time, some hardly more often than once a TTL. */
const paces: readonly (readonly [tenant: string, everyMs: number])[] = [
  ["busy", 4 * second],
  ["steady", 13 * second],
  ["seldom", 11 * minute + 7 * second],
  ["rare", 29 * minute + 59 * second],
];
const states = new Map(paces.map(([tenant], index) => [tenant, timeline(day, index + 1)]));

function stateOf(tenant: string, at: number): KmsState {
  return states.get(tenant)?.(at) ?? "works";
}

/** What one side of an envelope did for one tenant. */
class Deeds {
  /** When the KMS last began to answer, and since when it has refused. */
  answered = -Infinity;
  refused: number | undefined;
  done = 0;
  late = 0;
  afterRefusal = 0;
  /** How often it was asked for something while the KMS worked. */
  due = 0;
}

/** One process: it only reads, or only writes, … */
class Side {
  readonly world: World;
  readonly deeds = new Map(paces.map(([tenant]) => [tenant, new Deeds()]));

  constructor(world: World) {
    this.world = world;
    world.scripted.script = ({ tenant }) => {
      if (tenant === undefined) return undefined;
      const at = world.clock.monotonicMs();
      const state = stateOf(tenant, at);
      const deeds = this.of(tenant);
      if (state === "works") {
        deeds.answered = at;
        deeds.refused = undefined;
        return undefined;
      }
      if (state !== "unavailable" && state !== "throttled") deeds.refused ??= at;
      return state;
    };
  }

  of(tenant: string): Deeds {
    const deeds = this.deeds.get(tenant);
    if (deeds === undefined) throw new TypeError(`expected a tenant of this test, got ${tenant}`);
    return deeds;
  }

  asked(tenant: string): void {
    if (stateOf(tenant, this.world.clock.monotonicMs()) === "works") this.of(tenant).due += 1;
  }

  /** Something was opened or sealed just now. */
  success(tenant: string): void {
    const at = this.world.clock.monotonicMs();
    const deeds = this.of(tenant);
    deeds.done += 1;
    if (at - deeds.answered >= ttlMs) deeds.late += 1;
    if (deeds.refused !== undefined && at > deeds.refused) deeds.afterRefusal += 1;
  }
}

test("over a day nothing is opened, sealed or looked for without an answer of the KMS within the TTL, nor after a refusal", async () => {
  const boxed = new Side(new World());
  const { clock, store } = boxed.world;
  const another = (): Side => new Side(new World({ dataKeys: store }, clock));
  const [sealing, reading, indexing] = [another(), another(), another()] as const;
  const pii = fieldEncryption({ envelope: indexing.world.box, table: "t", rowId: "id", fields: { email: { index: "i" } } });
  const sealed = new Map<string, Uint8Array>();
  for (const [tenant] of paces) sealed.set(tenant, await new World({ dataKeys: store }, clock).box.seal(content, { tenant }));
  const sealers = new Map<string, Sealer>();
  const under = new UnderWay([boxed, sealing, reading, indexing]);

  const seal = (tenant: string): void => {
    const sealer = sealers.get(tenant);
    try {
      sealer?.seal(content);
      if (sealer !== undefined) return sealing.success(tenant);
    } catch {
      sealers.delete(tenant);
    }
    under.add(sealing.world.box.sealer({ tenant }).then((fresh) => void sealers.set(tenant, fresh), ignore));
  };
  const read = async (tenant: string): Promise<unknown> => reading.world.box.open(sealed.get(tenant) ?? content, { tenant });
  const write = async (tenant: string): Promise<unknown> => boxed.world.box.seal(content, { tenant });
  const look = async (tenant: string): Promise<unknown> => pii.for(tenant).index("email", "a");
  const sides = [
    [reading, read],
    [boxed, write],
    [indexing, look],
  ] as const;

  const started = clock.monotonicMs();
  for (let at = 0; at < day; at += second) {
    for (const [tenant, everyMs] of paces) {
      // Something is done in every step: the busy tenant's sides take turns.
      sides.forEach(([side, act], turn) => {
        if ((at - turn * second) % everyMs !== 0) return;
        side.asked(tenant);
        under.add(act(tenant).then(() => side.success(tenant), ignore));
      });
      if ((at - 3 * second) % everyMs !== 0) continue;
      sealing.asked(tenant);
      seal(tenant);
    }
    await under.settled(clock);
    clock.jumpMonotonic(second);
    clock.jumpWall(second);
  }
  expect(clock.monotonicMs() - started).toBe(day);
  for (const side of [boxed, sealing, reading, indexing]) {
    for (const [tenant, everyMs] of paces) {
      const { late, afterRefusal, done, due } = side.of(tenant);
      expect({ tenant, late, afterRefusal }).toEqual({ tenant, late: 0, afterRefusal: 0 });
      expect(due * everyMs).toBeGreaterThan(day / 4);
      // A refusal is remembered for 5 s, and a sealer is of use from the second time on.
      expect(done).toBeGreaterThan((side === sealing && tenant === "rare" ? 0.2 : 0.8) * due);
    }
    // Refreshed ahead, refusals remembered: thousands of requests a day, not a hundred thousand.
    expect(side.world.scripted.count("unwrap", "generateDataKey")).toBeLessThan(20_000);
  }
}, 120_000);

/** Operations that have begun. Warm ones end by themselves; only for the others the clock runs its timers. */
class UnderWay {
  private readonly sides: readonly Side[];
  private count = 0;
  private requests = 0;

  constructor(sides: readonly Side[]) {
    this.sides = sides;
  }

  add(operation: Promise<void>): void {
    this.count += 1;
    const end = (): void => void (this.count -= 1);
    operation.then(end, end);
  }

  async settled(clock: FakeClock): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
    const requests = this.sides.reduce((sum, { world }) => sum + world.scripted.calls.length, 0);
    // Also for a refresh in the background: its answer has its effect before the next step.
    const isQuiet = this.count === 0 && requests === this.requests;
    this.requests = requests;
    if (!isQuiet || clock.monotonicMs() % minute === 0) await clock.advance(0);
  }
}

function ignore(): void {
  // refused: what matters is that it was not done
}
