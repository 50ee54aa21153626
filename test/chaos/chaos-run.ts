import type { Soak } from "../soak/soak.ts";
import type { Campaign } from "./campaign.ts";
import { finish } from "./finish.ts";
import { withChaos, type ChaosSetUp } from "./open-chaos.ts";
import { checkCodes } from "./possible-codes.ts";
import type { Journal } from "./journal.ts";
import type { RunPlan } from "./run-plan.ts";
import { Stage } from "./stage.ts";
import type { Tally } from "./tally.ts";

/** What a run is made of. */
export interface RunParts {
  readonly campaign: Campaign;
  readonly soak: Soak;
  readonly plan: RunPlan;
  readonly journal: Journal;
}

/**
 * One rewrap, everything that befalls it, and what is there afterwards.
 * @param lastsMs At most, before everything is made well again.
 */
export async function chaosRun(parts: RunParts, lastsMs: number, tally: Tally): Promise<void> {
  const { campaign, soak, plan, journal } = parts;
  const stocked = await campaign.stocked(plan);
  const { stock } = stocked;
  const copy = await campaign.copy(stocked, plan, `run_${plan.seed}`);
  const own: ChaosSetUp = { ...stocked.setUp, store: copy.store };
  const stage = await Stage.set(parts, own, stocked);
  const { team, sky, ids } = stage;
  try {
    await stage.play(lastsMs);
    await stage.end();
    const expected = { stock, acknowledged: team.acknowledged };
    const forecast = (): Stage["sky"]["weather"] => sky.weather;
    tally.opened += await withChaos(own, async (opened) => finish(parts, opened, ids, expected), { forecast });
    for (const wrong of [...team.processFailures, ...checkCodes(team.codes, plan)]) soak.problem(wrong);
  } finally {
    await stage.close();
    journal.add([...team.codes].map(([code, count]) => `${code} ${count}`).join(", "));
  }
  tally.add(plan, team);
  if (soak.problems.length === 0) await copy.drop();
}
