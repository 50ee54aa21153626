import { isKmsError, type KmsKey, toText } from "@cmkit/core";
import type { RegisteredCmk } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { enabledInEmulator } from "./drill-access.ts";
import type { DrillRegistry } from "./drill-registry.ts";
import { drillContext, drillService } from "./drill-task.ts";
import { keyRefusals } from "./key-refusals.ts";

/** The key that a drill is about, and a message under it. */
export interface DrillTarget {
  readonly cmk: RegisteredCmk;
  /** Resolved: it names the key itself. */
  readonly key: KmsKey;
  /** Text. */
  readonly sealed: string;
}

/** The first call also loads the cloud's SDK. */
const patient = { timeoutMs: 30_000 };

/**
 * Finds it, and seals what the readers open.
 * @throws {CliError} `refused`: it is not the project's default, so that nothing new goes under it; or it refuses already.
 */
export async function drillTarget({ registry, kms, dev }: DrillRegistry, project: string, id: string): Promise<DrillTarget> {
  const cmk = await registry.get(project, id);
  if (!cmk.defaultCmk) {
    const what = `The CMK is ${cmk.status === "old" ? "old" : "not the default"}: new data keys of the project go under another one.`;
    throw new CliError("refused", what, "A drill seals messages of its own: give the id of the project's default CMK.");
  }
  const { provider, resource } = cmk;
  const key = kms.open({ provider, resource });
  try {
    await key.describe(patient);
    const box = registry.envelope({ service: drillService, cache: { ttlMs: 0 } });
    const sealed = await box.seal(new Uint8Array(Buffer.from("cmkit drill")), { ...drillContext(project), ...patient });
    return { cmk, key, sealed: toText(sealed) };
  } catch (error) {
    throw refusedAlready(error, key, dev !== undefined);
  }
}

/** A drill that was killed leaves its key so. */
function refusedAlready(error: unknown, key: KmsKey, isEmulated: boolean): unknown {
  if (!isKmsError(error) || !keyRefusals.includes(error.code)) return error;
  const enable = error.code === "key-disabled" && isEmulated ? ` ${enabledInEmulator(key)}` : "";
  const what = `${error.message.replace(/\.$/, "")} (${error.code}).`;
  return new CliError("refused", what, `\`cmkit cmks check\` of the key says what to do.${enable}`);
}
