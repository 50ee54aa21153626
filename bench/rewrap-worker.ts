// One process of a rewrap. Says when it is ready, begins when it is told to, and says how long it took and how much memory.
// Usage: fork("rewrap-worker.ts", [JSON])
import { once } from "node:events";
import type { ProjectCmks } from "./rewrap-fill.ts";
import { openWorld, type RewrapSettings } from "./rewrap-world.ts";

/** What a process is to do. */
export interface RewrapTask {
  readonly settings: RewrapSettings;
  readonly project: string;
  readonly cmks: ProjectCmks;
  readonly requestsPerSecond?: number;
}

/** What became of it. */
export interface RewrapDone {
  readonly seconds: number;
  /** At most, since the process began. */
  readonly mebibytes: number;
  readonly remaining: number;
}

const { settings, project, cmks, ...speed } = JSON.parse(process.argv[2] ?? "") as RewrapTask;
{
  await using world = openWorld(settings);
  await world.registry.ready();
  process.send?.("ready");
  await once(process, "message");
  const started = performance.now();
  const { remaining } = await world.registry.rewrap(project, { from: cmks.first, to: cmks.second, ...speed });
  const seconds = (performance.now() - started) / 1000;
  const done: RewrapDone = { seconds, mebibytes: process.resourceUsage().maxRSS / 1024, remaining };
  process.send?.(done);
}
process.disconnect?.();
