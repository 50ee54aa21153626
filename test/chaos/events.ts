import { setTimeout as wait } from "node:timers/promises";
import { isRegistryError } from "@cmkit/registry";

import type { Random } from "../soak/seeded-random.ts";
import type { Soak } from "../soak/soak.ts";
import type { Network } from "./network.ts";
import { project, type OpenedChaos } from "./open-chaos.ts";
import type { EventName, PlannedEvent } from "./run-plan.ts";
import type { Sky } from "./sky.ts";
import type { Team } from "./team.ts";

/** What events happen to. */
export interface Scene {
  readonly soak: Soak;
  readonly team: Team;
  readonly network: Network;
  readonly sky: Sky;
  readonly random: Random;
  /** The registry, past the network. */
  readonly direct: OpenedChaos;
  readonly ids: { readonly target: string; readonly rival: string | undefined };
}

type Happening = (scene: Scene, lastsMs: number) => Promise<void>;

const happenings: Readonly<Record<EventName, Happening>> = {
  "kill a worker": async ({ team }) => team.killWorker(),
  "kill all workers": async ({ team }) => team.killWorkers(),
  "end a worker": async ({ team }) => team.endWorker(),
  "kill the server": async ({ team }) => team.killServer(),
  "kill PostgreSQL": async ({ network, team }, lastsMs) => {
    team.kills += 1;
    await network.killPostgres(lastsMs / 2);
  },
  "stop PostgreSQL": async ({ network }, lastsMs) => network.stopPostgres(lastsMs / 2),
  "cut connections": async ({ network }) => network.cut(),
  "pause the network": async ({ network, random }, lastsMs) => network.pause(lastsMs, random() < 0.5),
  "kill a worker in silence": async ({ network, team }, lastsMs) => network.inSilence(lastsMs, async () => team.killWorker()),
  "lock the file": async ({ network }, lastsMs) => network.lock(lastsMs),
  "disable the source": async (scene, lastsMs) => disabling(scene, "source", lastsMs),
  "disable the target": async (scene, lastsMs) => disabling(scene, "target", lastsMs),
  "throttle hard": async ({ sky }, lastsMs) => {
    await sky.change({ throttled: 0.7 });
    await wait(lastsMs);
    await sky.asUsual();
  },
  "make the target old": targetOld,
};

export async function happen({ what, lastsMs }: PlannedEvent, scene: Scene): Promise<void> {
  await happenings[what](scene, lastsMs);
}

async function disabling({ sky }: Scene, name: string, lastsMs: number): Promise<void> {
  await sky.change({ disabled: [name] });
  await wait(lastsMs);
  await sky.change({ disabled: [] });
}

/** What is under way to the target must not arrive there any more. */
async function targetOld({ direct, ids, random, soak }: Scene, lastsMs: number): Promise<void> {
  const { target, rival } = ids;
  if (rival === undefined) return;
  const { registry } = direct;
  await registry.update(project, rival, { defaultCmk: true });
  try {
    await registry.update(project, target, { status: "old" });
  } catch (error) {
    if (!isRegistryError(error) || error.code !== "in-use") throw error;
    return; // a rewrap began that made it the default
  }
  const before = await registry.dataKeyCount(project, target);
  await wait(lastsMs * random());
  const arrived = (await registry.dataKeyCount(project, target)) - before;
  if (arrived > 0) soak.problem(`${arrived} data keys came under a key that was old`);
  await registry.update(project, target, { status: "current" });
}
