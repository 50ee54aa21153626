// A process that uses the registry as a library, beside its servers: makes data keys and tokens, and tells on standard output,
// line by line, what it was given. A line is written before anything else happens: who kills the process has it.
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { fieldEncryption, isKmsError } from "@cmkit/core";
import { isRegistryError } from "@cmkit/registry";

import { appKey, appPath } from "./application-cloud.ts";
import { openRegistry } from "./check-registry.ts";
import type { SoakSetUp } from "./soak-server.ts";

/** What the process is started with. */
export interface ApplicationSettings {
  readonly setUp: Omit<SoakSetUp, "recordKey">;
  readonly name: string;
  /** Data keys a second; a tenth as many tokens. */
  readonly perSecond: number;
}

const rounds = 20;
const { setUp, name, perSecond } = JSON.parse(process.argv[2] ?? "") as ApplicationSettings;
const recordKey = new Uint8Array(await readFile(`${setUp.directory}/record.key`));
const { registry, tokens } = openRegistry({ ...setUp, recordKey });
const box = registry.envelope({ service: name, cache: { maxEntries: 100 } });
const people = fieldEncryption({ envelope: box, table: "people", rowId: "id", fields: { email: { index: "emailIndex" } } });
const owned = new Set<string>();

for (let made = 0; ; made += 1) {
  const due = wait(1000 / perSecond);
  const project = `app-${Math.floor(made / rounds)}`;
  await told(async () => step(project, made));
  await due;
}

/** Every so often a new project, which other processes make at the same time. */
async function step(project: string, made: number): Promise<void> {
  if (!owned.has(project)) await ownKey(project);
  const row = `${name}-${process.pid}-${made}`;
  const text = await box.seal(Buffer.from(row), { tenant: project, path: appPath, context: { row } });
  tell({ kind: "sealed", project, row, text: Buffer.from(text).toString("base64url") });
  if (made % rounds === 1) tell({ kind: "index", project, value: await people.for(project).index("email", "ada@example.com") });
  if (made % 10 !== 5) return;
  const { token, secret } = await tokens.create(project, "viewer");
  tell({ kind: "token", id: token.id, secret });
}

async function ownKey(project: string): Promise<void> {
  const registered = registry.register(project, { provider: "local", resource: appKey, defaultCmk: true });
  await registered.catch((error: unknown) => {
    if (!isRegistryError(error) || error.code !== "already-exists") throw error;
  });
  owned.add(project);
}

/** A failure with a code of ours is a line too; any other ends the process. */
async function told(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isRegistryError(error) && !isKmsError(error)) throw error;
    tell({ kind: "failed", code: error.code, message: error.message });
  }
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`); // to a pipe: synchronous
}
