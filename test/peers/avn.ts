import { avnCases } from "./avn-cases.ts";
import { AvnStage } from "./avn-stage.ts";
import type { Peer } from "./peer.ts";
import { installPython } from "./python-environment.ts";

/** Aiven's command, unmodified. */
export const avn: Peer = {
  name: "avn",
  from: "aiven-client 4.18.0 from PyPI, on our registry's HTTP API",
  caseCount: Object.keys(avnCases).length,
  deviations: {},
  install: installPython,
  async start() {
    const stage = await AvnStage.start();
    return {
      cases: Object.entries(avnCases).map(([name, run]) => ({ name, run: async () => run(stage) })),
      stop: async () => stage[Symbol.asyncDispose](),
    };
  },
};
