import { KmsError, type DriverOperation, type KmsAdapter, type KmsDriver } from "@cmkit/core";

import { pick, type Random } from "../soak/seeded-random.ts";
import type { Forecast } from "./weather.ts";

/** Counts what went wrong in this process, by what it was. */
export type FaultCounts = Map<string, number>;

type Lie = (answer: object, random: Random) => object;

/** What an answer may say instead of what it should. */
const lies: Readonly<Record<string, Lie>> = {
  "other bytes": (answer, random) => changed(answer, (bytes) => flipped(bytes, random)),
  "another key": () => ({ answeredBy: "local:nobody" }),
  "another version": (_answer, random) => ({ keyVersion: pick(["2", "9", "x", ""], random) }),
  "too short": (answer) => changed(answer, (bytes) => bytes.slice(0, -1)),
};

/** The same cloud, but as its weather is: requests are refused or fail in passing, and answers are wrong. */
export function faultyCloud(cloud: KmsAdapter, forecast: Forecast, random: Random, counts: FaultCounts): KmsAdapter {
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const asked = async <T extends object>(operation: DriverOperation, ask: () => Promise<T>): Promise<T> => {
    const { throttled, unavailable, wrong } = forecast();
    const chance = random();
    const fault = chance < throttled ? "throttled" : chance < throttled + unavailable ? "unavailable" : undefined;
    if (fault !== undefined) {
      count(fault);
      throw new KmsError(fault, { provider: cloud.provider });
    }
    const answer = await ask();
    if (operation === "describe" || random() >= wrong) return answer;
    const lie = pick(Object.keys(lies), random) ?? "other bytes";
    count(lie);
    return { ...answer, ...lies[lie]?.(answer, random) };
  };
  return { ...cloud, open: (resource) => askedDriver(cloud.open(resource), asked) };
}

function askedDriver(
  driver: KmsDriver,
  asked: <T extends object>(operation: DriverOperation, ask: () => Promise<T>) => Promise<T>,
): KmsDriver {
  return {
    ...driver,
    describe: async (version, call) => asked("describe", async () => driver.describe(version, call)),
    wrap: async (request, call) => asked("wrap", async () => driver.wrap(request, call)),
    unwrap: async (request, call) => asked("unwrap", async () => driver.unwrap(request, call)),
  };
}

/** The wrap or the opened key. */
function changed(answer: object, change: (bytes: Uint8Array) => Uint8Array): object {
  if ("plaintext" in answer && answer.plaintext instanceof Uint8Array) return { plaintext: change(answer.plaintext) };
  if ("bytes" in answer && answer.bytes instanceof Uint8Array) return { bytes: change(answer.bytes) };
  return {};
}

/** One bit is another. */
function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(random() * copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return copy;
}
