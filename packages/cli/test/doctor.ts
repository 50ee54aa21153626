import { expect } from "vitest";

import type { Check } from "../src/check.ts";
import type { Provider } from "../src/cloud.ts";
import type { FindPackage } from "../src/installed-package.ts";
import { cmkit, type Given, type Outcome } from "./command.ts";

/** What `cmkit doctor --json` said. */
export interface Diagnosis extends Outcome {
  readonly ok: boolean;
  readonly names: readonly string[];
  readonly check: (name: string) => Check | undefined;
}

const version = "1.2.3";

/** A machine on which these packages are installed, in versions that fit: the vendors' beside the adapters. */
export function installed(...packages: readonly (string | readonly [name: string, version: string])[]): FindPackage {
  const versions = new Map(packages.map((each) => (typeof each === "string" ? [each, version] : each)));
  return async (name, from) => {
    const found = versions.get(name);
    const isAdapter = name.startsWith("@cmkit/");
    if (found === undefined || isAdapter !== (from === undefined)) return undefined;
    return { version: isAdapter ? "0.1.0" : found, peers: expected, url: `file:///${name}/package.json` };
  };
}

const expected = Object.fromEntries(
  ["@aws-sdk/client-kms", "@google-cloud/kms", "@azure/keyvault-keys", "@azure/identity", "oci-common"].map((name) => [
    name,
    "^1.2.0",
  ]),
);

/** All four adapters, with all that goes with them. */
export const allInstalled: FindPackage = installed(
  ...["aws", "gcp", "azure", "oci"].map((provider) => `@cmkit/${provider}`),
  ...Object.keys(expected),
);

/** Runs it on a machine, by default one with all adapters and nothing else. */
export async function doctor(given: Given = {}): Promise<Diagnosis> {
  const outcome = await cmkit(["doctor", "--json"], { findPackage: allInstalled, ...given });
  expect(outcome.stderr).toBe("");
  const { ok, checks } = JSON.parse(outcome.stdout) as { ok: boolean; checks: readonly Check[] };
  expect(outcome.exitCode).toBe(ok ? 0 : 1);
  const names = checks.map(({ name }) => name);
  return { ...outcome, ok, names, check: (name) => checks.find((check) => check.name === name) };
}

/** What it found of a cloud's credentials. Whatever says PRIVATE may not be printed, but for the name of a variable. */
export async function credentialsOf(
  provider: Provider,
  given: Pick<Given, "env" | "home" | "platform"> = {},
): Promise<{ readonly ok: boolean; readonly state: string | undefined; readonly found: string | undefined }> {
  const { ok, check, stdout } = await doctor(given);
  expect(stdout).not.toMatch(/PRIVATE(?!_PEM)/);
  const { state, found } = check(`${provider} credentials`) ?? {};
  return { ok, state, found };
}
