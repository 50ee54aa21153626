import type { RunPlan } from "./run-plan.ts";
import type { Team } from "./team.ts";

/** What happened in the runs of a campaign. */
export class Tally {
  runs = 0;
  /** SIGKILLs, of processes of ours and of PostgreSQL. */
  kills = 0;
  /** Other things that befell a run: a network, a database, a key, and requests to a cloud that went wrong. */
  faults = 0;
  /** Data keys that were there when a run began. */
  dataKeys = 0;
  /** Data keys that were made while a rewrap ran, and acknowledged. */
  made = 0;
  /** Data keys that were opened for real afterwards, each time that one was. */
  opened = 0;
  /** What applications read while a rewrap ran. */
  reads = 0;

  add({ dataKeys, events }: RunPlan, { kills, requestFaults, acknowledged, reads }: Team): void {
    this.runs += 1;
    this.kills += kills;
    this.faults += requestFaults + events.filter(({ what }) => !what.startsWith("kill")).length;
    this.dataKeys += dataKeys;
    this.made += acknowledged.length;
    this.reads += reads;
  }

  /** One line. */
  text(seed: number, problems: number): string {
    const { runs, kills, faults, dataKeys, made, reads, opened } = this;
    const counts = [
      `${runs} runs, seed ${seed}`,
      `${kills} kills, ${faults} faults`,
      `${dataKeys} data keys rewrapped and ${made} made meanwhile, ${reads} reads`,
      `${opened} data keys opened`,
      problems === 0 ? "0 lost" : `${problems} WRONG`,
    ];
    return `chaos: ${counts.join(", ")}`;
  }
}
