import { expect, test } from "vitest";
import type { Sealer } from "../src/envelope.ts";
import type { FakeClock } from "../src/testing/fake-clock.ts";
import { bytes, ttlMs, World } from "./envelope-world.ts";

// A day of constant load, in steps of a second, against a KMS that works, refuses and fails by turns.

const acme = { tenant: "acme" };
const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

type State = "works" | "key-disabled" | "access-denied" | "unavailable" | "throttled";

const cycle: readonly (readonly [State, number])[] = [
  ["works", 95],
  ["key-disabled", 40],
  ["works", 50],
  ["unavailable", 45],
  ["works", 33],
  ["access-denied", 35],
  ["works", 61],
  ["throttled", 20],
  ["works", 80],
];

function stateAt(ms: number): State {
  const length = cycle.reduce((sum, [, minutes]) => sum + minutes, 0) * minute;
  let at = ms % length;
  for (const [state, minutes] of cycle) {
    if (at < minutes * minute) return state;
    at -= minutes * minute;
  }
  return "works";
}

/** What one side of the envelope did: when the KMS last answered for it, when it was refused, when an operation was done. */
class Side {
  readonly world: World;
  done = 0;
  late = 0;
  afterRefusal = 0;
  afterRefusing = 0;
  private answered = -Infinity;
  private refused: number | undefined;

  constructor(world: World) {
    this.world = world;
    world.scripted.script = ({ tenant }) => {
      const at = world.clock.monotonicMs();
      const state = stateAt(at);
      if (state === "works") {
        if (tenant !== undefined) this.answered = at;
        this.refused = undefined;
        return undefined;
      }
      if (state === "key-disabled" || state === "access-denied") this.refused ??= at;
      return state;
    };
  }

  /** Something was opened or sealed just now. */
  success(refusingSince: number | undefined): void {
    const at = this.world.clock.monotonicMs();
    this.done += 1;
    if (at - this.answered >= ttlMs) this.late += 1;
    if (this.refused !== undefined && at > this.refused) this.afterRefusal += 1;
    if (refusingSince !== undefined && at - refusingSince >= ttlMs) this.afterRefusing += 1;
  }
}

test("over a day nothing is opened or sealed without an answer of the KMS within the TTL, nor after a refusal", async () => {
  const writer = new Side(new World());
  const { clock, store } = writer.world;
  const reader = new Side(new World({ dataKeys: store }, clock));
  const boxed = new Side(new World({ dataKeys: store }, clock));
  const sealed = await writer.world.box.seal(bytes("a"), acme);
  let sealer: Sealer | undefined;
  let sealers = 0;
  const under = new UnderWay();
  const content = bytes("a");
  let refusingSince: number | undefined;
  for (let at = 0; at < day; at += second) {
    const state = stateAt(clock.monotonicMs());
    refusingSince = state === "key-disabled" || state === "access-denied" ? (refusingSince ?? clock.monotonicMs()) : undefined;
    const since = refusingSince;
    under.add(reader.world.box.open(sealed, acme).then(() => reader.success(since), ignore));
    under.add(boxed.world.box.seal(content, acme).then(() => boxed.success(since), ignore));
    try {
      sealer?.seal(content);
      if (sealer !== undefined) writer.success(since);
    } catch {
      sealer = undefined;
    }
    if (sealer === undefined) {
      const asked = writer.world.box.sealer(acme);
      under.add(
        asked.then((fresh) => {
          sealer = fresh;
          sealers += 1;
        }, ignore),
      );
    }
    await under.settled(clock);
    clock.jumpMonotonic(second);
    clock.jumpWall(second);
  }
  for (const side of [reader, boxed, writer]) {
    expect({ late: side.late, afterRefusal: side.afterRefusal, afterRefusing: side.afterRefusing }).toEqual({
      late: 0,
      afterRefusal: 0,
      afterRefusing: 0,
    });
    expect(side.done).toBeGreaterThan((0.7 * day) / second);
    expect(side.done).toBeLessThan((0.95 * day) / second);
    // Refreshed ahead, refusals remembered: thousands of requests a day, not a hundred thousand.
    expect(side.world.scripted.count("unwrap", "generateDataKey")).toBeLessThan(10_000);
  }
  expect(sealers).toBeGreaterThan(2);
}, 120_000);

/** Operations that have begun. Warm ones end by themselves; only for the others the clock runs its timers. */
class UnderWay {
  private count = 0;

  add(operation: Promise<void>): void {
    this.count += 1;
    const end = (): void => void (this.count -= 1);
    operation.then(end, end);
  }

  async settled(clock: FakeClock): Promise<void> {
    for (let i = 0; i < 200; i += 1) await Promise.resolve(); // enough for a refresh in the background, too
    if (this.count > 0 || clock.monotonicMs() % minute === 0) await clock.advance(0);
  }
}

function ignore(): void {
  // refused: what matters is that it was not done
}
