import { CliError } from "./cli-error.ts";
import { allChecks, oneCheck } from "./cmks-check-text.ts";
import { checkIn, passed, type WireCheck } from "./cmks-check-wire.ts";
import { cmksIn, projectsIn } from "./cmks-wire.ts";
import { cmksPath, type RegistryClient } from "./registry-client.ts";
import { isNotFound } from "./registry-answer.ts";
import type { RegistryCommand } from "./registry-connection.ts";
import { printJson } from "./registry-json.ts";
import type { ConnectionOptions } from "./registry-options.ts";

interface CheckOptions extends ConnectionOptions {
  readonly project?: string;
  readonly cmkId?: string;
  readonly all?: true;
}

/** What a check found, and where. */
export interface ProjectCheck extends WireCheck {
  readonly project: string;
  readonly passed: boolean;
}

/** One key, or all. */
function refuseUnclear({ project, cmkId, all }: CheckOptions): void {
  if (all ? cmkId === undefined : project !== undefined && cmkId !== undefined) return;
  const what = all ? "expected either --cmk-id or --all." : "expected --project and --cmk-id; or --all, for every key.";
  throw new CliError("bad-usage", what, "See `cmkit cmks check --help`.");
}

/** `cmkit cmks check` */
export const checkCommand: RegistryCommand<CheckOptions> = {
  check: refuseUnclear,
  run: async (options, client, io) => {
    const { project, cmkId, all, json } = options;
    const one = project !== undefined && cmkId !== undefined;
    const checks = one ? [await check(project, cmkId, client)] : await checkAll(project, client);
    if (json) printJson(all ? checks : checks[0], io);
    else io.stdout(all ? allChecks(checks) : checks.map(oneCheck).join(""));
    return checks.every(({ passed }) => passed) ? 0 : 1;
  },
};

async function check(project: string, id: string, client: RegistryClient): Promise<ProjectCheck> {
  const found = checkIn(await client.request("POST", cmksPath(project, id, "access_check")));
  return { project, passed: passed(found), ...found };
}

/** One after the other, so that no cloud is asked for many keys at once. */
async function checkAll(project: string | undefined, client: RegistryClient): Promise<ProjectCheck[]> {
  const projects = project === undefined ? projectsIn(await client.request("GET", "/v1/project")) : [project];
  const checks: ProjectCheck[] = [];
  for (const name of projects) {
    for (const { id } of cmksIn(await client.request("GET", cmksPath(name)))) {
      const found = await check(name, id, client).catch(undefinedIfDeleted);
      if (found !== undefined) checks.push(found);
    }
  }
  return checks;
}

/** It was there when the keys were listed. */
function undefinedIfDeleted(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
