import type { Soak } from "../soak/soak.ts";
import type { Campaign } from "./campaign.ts";
import { finish } from "./finish.ts";
import { withChaos, type ChaosSetUp } from "./open-chaos.ts";
import { checkCodes } from "./possible-codes.ts";
import type { RunPlan } from "./run-plan.ts";
import { Stage } from "./stage.ts";
import type { Tally } from "./tally.ts";

/**
 * One rewrap, everything that befalls it, and what is there afterwards.
 * @param lastsMs At most, before everything is made well again.
 * @returns What happened.
 */
export async function chaosRun(
  campaign: Campaign,
  soak: Soak,
  plan: RunPlan,
  lastsMs: number,
  tally: Tally,
): Promise<readonly string[]> {
  const stocked = await campaign.stocked(plan);
  const { stock } = stocked;
  const copy = await campaign.copy(stocked, plan, `run_${plan.seed}`);
  const own: ChaosSetUp = { ...stocked.setUp, store: copy.store };
  const stage = await Stage.set(campaign, soak, plan, own, stocked);
  const { team, sky, ids, journal } = stage;
  try {
    await stage.play(lastsMs);
    await stage.end();
    const expected = { stock, acknowledged: team.acknowledged };
    const forecast = (): Stage["sky"]["weather"] => sky.weather;
    tally.opened += await withChaos(own, async (opened) => finish(soak, opened, plan, ids, expected), { forecast });
    if (team.hasFailed) soak.problem("a process ended by itself");
    for (const wrong of checkCodes(team.codes, plan)) soak.problem(wrong);
  } finally {
    await stage.close();
  }
  tally.add(plan, team);
  if (soak.problems.length === 0) await copy.drop();
  return [...journal, `codes: ${[...team.codes].map(([code, count]) => `${code} ${count}`).join(", ")}`];
}
