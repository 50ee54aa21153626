import { generateKeyPairSync } from "node:crypto";
import { fieldEncryption, multiCloudKms, type RecordKey } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { fakeClock } from "@cmkit/core/testing";
import { expect } from "vitest";

import { chainedAuditLog } from "../src/chained-audit-log.ts";
import { cmkRegistry } from "../src/cmk-registry.ts";
import type { RegistryOptions } from "../src/registry.ts";
import type { RegistryStore } from "../src/store.ts";
import { apiTokens } from "../src/token-store.ts";
import { waited } from "./rewrap/rewrap-world.ts";

export const previous: Uint8Array = new Uint8Array(32).fill(1);
export const current: Uint8Array = new Uint8Array(32).fill(2);
export const both: RecordKey = { current, previous };

/** Each with its default: an RSA wrap says nothing of who made it, so that it is the origin tag which counts. */
const defaults = { acme: "local:main", globex: "local:rsa" } as const;
const projects = Object.keys(defaults);
const rsaPrivateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const keys = {
  main: { aes256: new Uint8Array(32).fill(3) },
  second: { aes256: new Uint8Array(32).fill(4) },
  rsa: { rsaPrivateKey },
};
const clock = fakeClock();

type Process = ReturnType<typeof processOf>;

/** What one process has of a store under a record key. */
// oxlint-disable-next-line typescript/explicit-function-return-type
export function processOf(store: RegistryStore, recordKey: RecordKey, options: Pick<RegistryOptions, "operatorCmk"> = {}) {
  const kms = multiCloudKms({ adapters: [local({ keys })], clock });
  const registry = cmkRegistry({ kms, store, recordKey, sharedResources: true, allowLocal: true, ...options });
  const envelope = registry.envelope({ service: "crm" });
  const fields = fieldEncryption({ envelope, table: "customers", rowId: "id", fields: { email: { index: "emailIndex" } } });
  return { registry, tokens: apiTokens({ store, recordKey, clock }), envelope, fields };
}

interface Customer {
  readonly id: number;
  readonly email: string;
  readonly emailIndex: string;
}

/** What was shown when the rows were made, to be compared with what is shown later. */
export interface Witness {
  readonly rows: ReadonlyMap<string, Customer>;
  readonly externalIds: readonly string[];
  readonly secrets: readonly string[];
  readonly cmks: readonly unknown[];
}

const row = { id: 1, email: "ada@example.com" };

/** Two projects, each with two CMKs, data keys of both purposes and a token; under the previous key alone. */
export async function populate(store: RegistryStore): Promise<Witness> {
  const { registry, tokens, fields } = processOf(store, previous);
  const rows = new Map<string, Customer>();
  const secrets: string[] = [];
  for (const [project, resource] of Object.entries(defaults)) {
    await registry.register(project, { provider: "local", resource, defaultCmk: true });
    await registry.register(project, { provider: "local", resource: "local:second" });
    rows.set(project, await fields.for(project).encrypt(row));
    secrets.push((await tokens.create(project, "operator")).secret);
  }
  return { rows, secrets, ...(await shownBy(registry)) };
}

async function shownBy(registry: Process["registry"]): Promise<Pick<Witness, "externalIds" | "cmks">> {
  const externalIds = await Promise.all(projects.map(async (project) => registry.externalId(project)));
  const cmks = await Promise.all(projects.map(async (project) => registry.list(project)));
  return { externalIds, cmks };
}

/** The project's data keys move from its default to its other CMK. */
export async function rewrapAll(store: RegistryStore, project: string): Promise<Pick<Witness, "externalIds" | "cmks">> {
  const { registry } = processOf(store, previous);
  const [from, to] = await registry.list(project);
  if (from === undefined || to === undefined) throw new RangeError("expected two CMKs");
  const rewrap = registry.rewrap(project, { from: from.id, to: to.id });
  expect(await waited(clock, rewrap)).toMatchObject({ state: "done" });
  return shownBy(registry);
}

/** A process that starts now with this record key finds everything as it was. */
export async function expectWhole(store: RegistryStore, recordKey: RecordKey, witness: Witness): Promise<void> {
  const { registry, tokens, fields } = processOf(store, recordKey);
  expect(await shownBy(registry)).toEqual({ externalIds: witness.externalIds, cmks: witness.cmks });
  for (const [project, sealed] of witness.rows) {
    expect(await fields.for(project).decrypt(sealed)).toMatchObject(row);
    expect(await fields.for(project).index("email", row.email)).toBe(sealed.emailIndex);
  }
  for (const secret of witness.secrets) expect(await tokens.authenticate(secret)).toMatchObject({ role: "operator" });
  expect(await chainedAuditLog({ store, recordKey, clock }).verify()).toMatchObject({ ok: true });
}
