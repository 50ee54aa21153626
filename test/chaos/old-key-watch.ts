import type { Cmk } from "@cmkit/core";

import { project, type OpenedChaos } from "./open-chaos.ts";

/** Sees that no data key is made under a key any more once it is old, whoever was about to. */
export class OldKeyWatch {
  private readonly direct: OpenedChaos;
  private readonly id: string;
  private readonly cmk: Cmk;
  private madeUntilThen: number | undefined;

  /** @param cmk As data keys name it. */
  constructor(direct: OpenedChaos, id: string, cmk: Cmk) {
    this.direct = direct;
    this.id = id;
    this.cmk = cmk;
  }

  /** @returns How many were made since the last look, and since it has been old. */
  async look(): Promise<number> {
    if (this.madeUntilThen === undefined && !(await this.isOld())) return 0;
    const balances = await this.direct.store.reads.balances(project, this.cmk);
    const made = balances.reduce((sum, { record }) => sum + record.made, 0);
    const late = made - (this.madeUntilThen ?? made);
    this.madeUntilThen = made;
    return late;
  }

  private async isOld(): Promise<boolean> {
    const cmks = await this.direct.registry.list(project);
    return cmks.some(({ id, status }) => id === this.id && status === "old");
  }
}
