import { resolve } from "node:path";

import { type Check, fails } from "./check.ts";
import type { Cloud } from "./cloud.ts";
import { clouds } from "./clouds.ts";
import type { Deps, Io } from "./deps.ts";
import { devChecks } from "./dev-checks.ts";
import { environmentChecks, refusedVariables } from "./environment-checks.ts";
import { nodeCheck } from "./node-check.ts";
import { type OwnPackage, ownPackage } from "./own-package.ts";
import { anyAdapterCheck, packageChecks } from "./package-checks.ts";
import { table } from "./table.ts";

/** The options of `cmkit doctor`. */
export interface DoctorOptions {
  readonly dev?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Looks at the machine and prints what works, what does not, and what to do. */
export async function doctorCommand({ dev, config, json }: DoctorOptions, deps: Deps, io: Io): Promise<number> {
  const own = await ownPackage();
  const ofClouds = (await Promise.all(clouds.map(async (cloud) => cloudChecks(cloud, own, deps)))).flat();
  const checks: readonly Check[] = [
    nodeCheck(deps.nodeVersion, own.engines.node),
    ...environmentChecks(refusedVariables, deps.env),
    ...ofClouds,
    ...anyAdapterCheck(ofClouds),
    ...(config === undefined ? [] : await checksOf(config, deps)),
    ...(dev === undefined ? [] : await devChecks(resolve(deps.cwd, dev))),
  ];
  const failed = checks.filter(fails);
  io.stdout(json ? `${JSON.stringify({ ok: failed.length === 0, checks }, null, 2)}\n` : shown(checks, failed.length));
  return failed.length === 0 ? 0 : 1;
}

async function checksOf(config: string, deps: Deps): Promise<Check[]> {
  // Loaded only now: without --config nobody waits for the registry.
  const { registryChecks } = await import("./server-checks.ts");
  return registryChecks({ path: resolve(deps.cwd, config), name: config });
}

/** Nothing further is looked for where nothing would use it. */
async function cloudChecks(cloud: Cloud, own: OwnPackage, deps: Deps): Promise<Check[]> {
  const packages = await packageChecks(cloud, own, deps.findPackage);
  if (packages.some(({ state }) => state === "unused")) return packages;
  const environment = environmentChecks(cloud.refusedVariables ?? [], deps.env);
  return [...packages, ...environment, await cloud.credentialsCheck(deps)];
}

function shown(checks: readonly Check[], failed: number): string {
  const rows = checks.map(({ name, state, found, todo }) => [
    state === "unused" ? "-" : state,
    name,
    todo === null ? found : `${found}: ${todo}`,
  ]);
  const closing = failed === 0 ? "Nothing that is needed is missing or wrong." : `${failed} to mend.`;
  return `${table(rows)}\n${closing}\n`;
}
