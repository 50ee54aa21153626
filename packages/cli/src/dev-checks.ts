import { type Cmk, isKmsError, type KeyDescription, type Kms, multiCloudKms } from "@cmkit/core";
import { directFetch } from "@cmkit/core/adapter";

import type { Check } from "./check.ts";
import { CliError } from "./cli-error.ts";
import { providers } from "./clouds.ts";
import { adaptersFor } from "./dev-adapters.ts";
import { type DevFile, readDevFile } from "./dev-file.ts";
import { devKeyNames } from "./dev-keys.ts";
import type { DevServer } from "./dev-server.ts";

// Four SDKs are imported in this time as well.
const answerWithinMs = 10_000;

/** Asks a running `cmkit dev`: its registry, and for each key through the adapters that are installed, as an application would. */
export async function devChecks(path: string): Promise<Check[]> {
  try {
    const dev = await readDevFile(path);
    return [...(await keyChecks(dev)), await registryCheck(dev.server)];
  } catch (error) {
    return [failed("dev", error)];
  }
}

async function registryCheck({ url }: DevServer): Promise<Check> {
  const name = "dev registry";
  try {
    const response = await directFetch(`${url}/readyz`, {
      method: "GET",
      headers: new Headers(),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    await response.body?.cancel();
    if (response.ok) return { name, state: "ok", found: "ready", todo: null, needed: true };
    return { name, state: "wrong", found: "its store does not answer", todo: "start `cmkit dev` again", needed: true };
  } catch {
    return { name, state: "wrong", found: "does not answer", todo: "start `cmkit dev` again", needed: true };
  }
}

async function keyChecks(dev: DevFile): Promise<Check[]> {
  try {
    const adapters = await adaptersFor(dev);
    const kms = multiCloudKms({ adapters });
    try {
      const installed = providers.filter((provider) => adapters.some((adapter) => adapter.provider === provider));
      const keys = installed.flatMap((provider) => devKeyNames.map((name) => ({ provider, name })));
      return await Promise.all(
        keys.map(async ({ provider, name }) =>
          keyCheck(`dev ${provider} ${name}`, { provider, resource: dev[provider].keys[name] }, kms),
        ),
      );
    } finally {
      await kms.close();
    }
  } catch (error) {
    return [failed("dev", error)];
  }
}

async function keyCheck(name: string, cmk: Cmk, kms: Kms): Promise<Check> {
  try {
    const key = await kms.open(cmk).describe({ timeoutMs: answerWithinMs });
    const enabled = key.state === "enabled";
    const todo = enabled ? null : "enable it, or move the seed file away to begin with new keys";
    return { name, state: enabled ? "ok" : "wrong", found: described(key), todo, needed: true };
  } catch (error) {
    return failed(name, error);
  }
}

function described({ state, kind, bits, emulated }: KeyDescription): string {
  return `${state}, ${kind} ${bits}${emulated ? ", emulated" : ""}`;
}

function failed(name: string, error: unknown): Check {
  if (error instanceof CliError) {
    const [found = "", todo = null] = error.message.split("\n");
    return { name, state: "wrong", found: found.replace(/\.$/, ""), todo, needed: true };
  }
  if (!isKmsError(error)) throw error;
  const silent = error.code === "unavailable" || error.code === "timeout";
  const todo = silent ? "start `cmkit dev` again" : null;
  return { name, state: "wrong", found: `${error.message} (${error.code})`, todo, needed: true };
}
