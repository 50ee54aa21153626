import { pick, type Random } from "../soak/seeded-random.ts";
import { clear, type Weather } from "./weather.ts";

/** What may happen once, at some moment of a run. */
export const eventNames = [
  "kill a worker",
  "kill all workers",
  "end a worker",
  "kill the server",
  "kill PostgreSQL",
  "stop PostgreSQL",
  "cut connections",
  "pause the network",
  "kill a worker in silence",
  "lock the file",
  "disable the source",
  "disable the target",
  "throttle hard",
  "make the target old",
] as const;
export type EventName = (typeof eventNames)[number];

/** Something that happens when this share of the data keys has been rewrapped. */
export interface PlannedEvent {
  readonly what: EventName;
  readonly share: number;
  /** After that. */
  readonly delayMs: number;
  /** How long it lasts, where it lasts. */
  readonly lastsMs: number;
}

/** From what to what data keys move. */
export type Route = "key" | "versions" | "operator";

/** What is to happen in one run. Made from its seed alone. */
export interface RunPlan {
  readonly seed: number;
  readonly engine: "postgres" | "sqlite";
  readonly clouds: "local" | "emulated";
  readonly route: Route;
  readonly dataKeys: number;
  readonly workers: number;
  readonly concurrency: number;
  /** A server that is asked over HTTP to rewrap, too. */
  readonly hasServer: boolean;
  /** A second operator who rewraps to another key at the same time. */
  readonly hasRival: boolean;
  readonly hasWriter: boolean;
  /** From the beginning to the end. */
  readonly weather: Weather;
  readonly events: readonly PlannedEvent[];
  /** Whether everything is killed before it has ended. */
  readonly isCutShort: boolean;
}

type Kind = Pick<RunPlan, "engine" | "clouds">;

/** Runs take turns at these. */
export const shortKinds: readonly Kind[] = [
  { engine: "postgres", clouds: "local" },
  { engine: "sqlite", clouds: "local" },
  { engine: "postgres", clouds: "emulated" },
];
export const runKinds: readonly [Kind, ...Kind[]] = [{ engine: "postgres", clouds: "local" }, ...shortKinds];

export interface PlanLimits {
  readonly dataKeys: number;
  readonly emulatedDataKeys: number;
  readonly events: number;
}

/** The seed of a run: another one for each run of a campaign, so that a run can be repeated alone. */
export function runSeed(seed: number, run: number): number {
  return (Math.imul(seed, 7919) + run * 104_729) >>> 0;
}

/** What happens in a run. The kinds of runs take turns, so that a campaign has all of them. */
export function runPlan(seed: number, kind: Kind, limits: PlanLimits, random: Random): RunPlan {
  const isEmulated = kind.clouds === "emulated";
  const route = isEmulated ? "key" : (pick<Route>(["key", "key", "key", "versions", "operator"], random) ?? "key");
  const hasRival = route === "key" && random() < 0.4;
  const plan = {
    seed,
    ...kind,
    route,
    hasRival,
    dataKeys: isEmulated ? limits.emulatedDataKeys : limits.dataKeys,
    workers: 2 + Math.floor(random() * 2),
    concurrency: pick([1, 8, 32, 100], random) ?? 32,
    hasServer: random() < 0.5,
    hasWriter: random() < 0.7,
    weather: weatherOf(route, isEmulated, random),
    isCutShort: random() < 0.3,
  };
  return { ...plan, events: eventsOf(plan, limits.events, random) };
}

function weatherOf(route: Route, isEmulated: boolean, random: Random): Weather {
  const fault = (share: number): number => (random() < 0.6 ? share : 0);
  const quota = random() < 0.2 && !isEmulated ? 10_000 : 0;
  // Who knows of a limit asks more slowly each time that it hears of being throttled: then that lasts moments alone.
  const isPaced = isEmulated || quota > 0;
  return {
    ...clear,
    quota,
    throttled: isPaced ? 0 : fault(0.02),
    unavailable: fault(0.05),
    wrong: fault(0.002),
    versions: route === "versions" ? { source: 3 } : { source: 2 },
  };
}

type Circumstances = Pick<RunPlan, "engine" | "hasServer" | "hasRival" | "route">;

function eventsOf(plan: Circumstances, count: number, random: Random): readonly PlannedEvent[] {
  const possible = eventNames.filter((what) => canHappen(what, plan));
  const events = Array.from({ length: count }, () => ({
    what: pick(possible, random) ?? "kill a worker",
    share: random() * 0.9,
    delayMs: random() * 150,
    lastsMs: 200 + random() * 1800,
  }));
  return events.sort((a, b) => a.share - b.share);
}

function canHappen(what: EventName, { engine, hasServer, hasRival, route }: Circumstances): boolean {
  const network: readonly EventName[] = [
    "kill PostgreSQL",
    "stop PostgreSQL",
    "cut connections",
    "pause the network",
    "kill a worker in silence",
  ];
  if (network.includes(what)) return engine === "postgres";
  if (what === "lock the file") return engine === "sqlite";
  if (what === "kill the server") return hasServer;
  if (what === "make the target old") return hasRival;
  return what !== "disable the target" || route !== "versions";
}
