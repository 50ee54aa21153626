import { resolve } from "node:path";

import { type Check, fails } from "./check.ts";
import { awsCredentialsCheck } from "./aws-credentials-check.ts";
import type { Deps, Io } from "./deps.ts";
import { devChecks } from "./dev-checks.ts";
import { nodeCheck, packageChecks, tlsCheck } from "./doctor-checks.ts";
import { ownPackage } from "./own-package.ts";
import { table } from "./table.ts";

/** The options of `cmkit doctor`. */
export interface DoctorOptions {
  readonly dev?: string;
  readonly json?: boolean;
}

/** Looks at the machine and prints what works, what does not, and what to do. */
export async function doctorCommand({ dev, json }: DoctorOptions, deps: Deps, io: Io): Promise<number> {
  const own = await ownPackage();
  const checks: readonly Check[] = [
    nodeCheck(deps.nodeVersion, own.engines.node),
    tlsCheck(deps.env),
    ...(await packageChecks("aws", "@aws-sdk/client-kms", own, deps.findPackage)),
    await awsCredentialsCheck(deps.env, deps.home),
    ...["gcp", "azure", "oci"].map(notAvailable),
    ...(dev === undefined ? [] : await devChecks(resolve(deps.cwd, dev))),
  ];
  const failed = checks.filter(fails);
  io.stdout(json ? `${JSON.stringify({ ok: failed.length === 0, checks }, null, 2)}\n` : shown(checks, failed.length));
  return failed.length === 0 ? 0 : 1;
}

function notAvailable(provider: string): Check {
  return { name: provider, state: "not-available", found: "not available in this version", todo: null, needed: false };
}

function shown(checks: readonly Check[], failed: number): string {
  const rows = checks.map(({ name, state, found, todo }) => [
    state === "not-available" ? "-" : state,
    name,
    todo === null ? found : `${found}: ${todo}`,
  ]);
  const closing = failed === 0 ? "Nothing that is needed is missing or wrong." : `${failed} to mend.`;
  return `${table(rows)}\n${closing}\n`;
}
