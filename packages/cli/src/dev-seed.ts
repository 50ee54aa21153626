import { randomBytes } from "node:crypto";
import { type AwsSeed, defaultAwsSeed, parseAwsSeed } from "@cmkit/emulators";

import { type JsonFileKind, readJsonFile } from "./json-file.ts";
import { writePrivateFile } from "./private-file.ts";
import { fieldsOf, keyAt, markAt } from "./strict-json.ts";

/** What `cmkit dev` keeps from one start to the next, so that what was encrypted in development stays readable. */
export interface DevSeed {
  readonly recordKey: Uint8Array;
  readonly aws: AwsSeed;
}

/** A record key and keys of each kind, made on the spot. */
export function newDevSeed(): DevSeed {
  return { recordKey: new Uint8Array(randomBytes(32)), aws: defaultAwsSeed() };
}

/** @returns undefined when there is no such file. @throws {CliError} `refused`: it is damaged, or another file. */
export async function findDevSeed(path: string): Promise<DevSeed | undefined> {
  return readJsonFile(path, devSeedKind);
}

/** Writes it for its owner alone: it holds key material. */
export async function writeDevSeed(path: string, { recordKey, aws }: DevSeed): Promise<void> {
  const file = { cmkitDevSeed: 1, recordKey: Buffer.from(recordKey).toString("base64url"), aws };
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** What to do with a seed that no emulator starts with. */
export const mendSeed =
  "Restore it, or move it away to begin with new keys: what was encrypted under the old ones can then not be opened.";

const devSeedKind: JsonFileKind<DevSeed> = {
  what: "a seed of `cmkit dev`",
  mend: mendSeed,
  parse: (value) => {
    const file = fieldsOf(value, "file", ["cmkitDevSeed", "recordKey", "aws"]);
    markAt(file.cmkitDevSeed, "cmkitDevSeed", 1);
    return { recordKey: keyAt(file.recordKey, "recordKey"), aws: parseAwsSeed(file.aws) };
  },
};
