import { randomBytes } from "node:crypto";
import {
  type AwsSeed,
  type AzureSeed,
  defaultAwsSeed,
  defaultAzureSeed,
  defaultGcpSeed,
  defaultOciSeed,
  type GcpSeed,
  type OciSeed,
  parseAwsSeed,
  parseAzureSeed,
  parseGcpSeed,
  parseOciSeed,
} from "@cmkit/emulators";

import type { Provider } from "./cloud.ts";
import { type JsonFileKind, readJsonFile } from "./json-file.ts";
import { writePrivateFile } from "./private-file.ts";
import { fieldsOf, keyAt, markAt } from "./strict-json.ts";

/** What each emulator of a `cmkit dev` starts with. */
export interface DevSeeds {
  readonly aws: AwsSeed;
  readonly gcp: GcpSeed;
  readonly azure: AzureSeed;
  readonly oci: OciSeed;
}

/** What `cmkit dev` keeps from one start to the next, so that what was encrypted in development stays readable. */
export interface DevSeed extends DevSeeds {
  readonly recordKey: Uint8Array;
}

/** A seed, and the clouds in it whose keys are still to be made. */
export interface CompleteDevSeed {
  readonly seed: DevSeed;
  readonly made: readonly Provider[];
}

/**
 * Reads the seed, and makes what it lacks: all of it where there is no such file, and the clouds that earlier versions did
 * not have.
 *
 * @throws {CliError} `refused`: it is damaged, or another file.
 */
export async function completeDevSeed(path: string): Promise<CompleteDevSeed> {
  const found = (await readJsonFile(path, devSeedKind)) ?? {};
  const seed = {
    recordKey: found.recordKey ?? new Uint8Array(randomBytes(32)),
    aws: found.aws ?? defaultAwsSeed(),
    gcp: found.gcp ?? defaultGcpSeed(),
    azure: found.azure ?? defaultAzureSeed(),
    oci: found.oci ?? defaultOciSeed(),
  };
  return { seed, made: clouds.filter((cloud) => found[cloud] === undefined) };
}

/** Writes it for its owner alone: it holds key material. */
export async function writeDevSeed(path: string, { recordKey, ...seeds }: DevSeed): Promise<void> {
  const file = { cmkitDevSeed: 2, recordKey: Buffer.from(recordKey).toString("base64url"), ...seeds };
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** What to do with a seed that no emulator starts with. */
export const mendSeed =
  "Restore it, or move it away to begin with new keys: what was encrypted under the old ones can then not be opened.";

const clouds = ["aws", "gcp", "azure", "oci"] as const;

const devSeedKind: JsonFileKind<Partial<DevSeed>> = {
  what: "a seed of `cmkit dev`",
  mend: mendSeed,
  parse: (value) => {
    const file = fieldsOf(value, "file", ["cmkitDevSeed", "recordKey"], clouds);
    // Version 1 had AWS alone, and is read as one that lacks the others.
    if (file.cmkitDevSeed !== 1) markAt(file.cmkitDevSeed, "cmkitDevSeed", 2);
    return {
      recordKey: keyAt(file.recordKey, "recordKey"),
      ...(file.aws === undefined ? {} : { aws: parseAwsSeed(file.aws) }),
      ...(file.gcp === undefined ? {} : { gcp: parseGcpSeed(file.gcp) }),
      ...(file.azure === undefined ? {} : { azure: parseAzureSeed(file.azure) }),
      ...(file.oci === undefined ? {} : { oci: parseOciSeed(file.oci) }),
    };
  },
};
