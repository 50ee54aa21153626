import { multiCloudKms, type KmsAdapter } from "@cmkit/core";
import { apiTokens, cmkRegistry, type ApiTokens, type Registry, type RegistryStore } from "@cmkit/registry";
import { postgresStore } from "@cmkit/registry/postgres";
import { sqliteStore } from "@cmkit/registry/sqlite";

import { appCloud, appPath } from "./application-cloud.ts";
import { checkAttempts } from "./check-ledger.ts";
import type { Held, Ledger } from "./ledger.ts";
import { ReplayedLog } from "./replayed-log.ts";
import type { Soak } from "./soak.ts";
import type { SoakSetUp } from "./soak-server.ts";

/** The registry of a set-up, opened beside its servers. */
export interface OpenedRegistry {
  readonly registry: Registry;
  readonly tokens: ApiTokens;
  readonly close: () => Promise<void>;
}

export function openRegistry({ store: name, recordKey }: SoakSetUp, cloud: KmsAdapter = appCloud(recordKey)): OpenedRegistry {
  const store = storeOf(name);
  const kms = multiCloudKms({ adapters: [cloud] });
  const registry = cmkRegistry({ kms, store, recordKey, sharedResources: true, allowLocal: true });
  const tokens = apiTokens({ store, recordKey, clock: kms.clock });
  const close = async (): Promise<void> => {
    await registry.close();
    await kms.close();
  };
  return { registry, tokens, close };
}

/** Opens it for as long as something is done with it. */
export async function withRegistry<T>(setUp: SoakSetUp, run: (opened: OpenedRegistry) => Promise<T>): Promise<T> {
  const opened = openRegistry(setUp);
  try {
    return await run(opened);
  } finally {
    await opened.close();
  }
}

function storeOf(name: string): RegistryStore {
  return name.startsWith("sqlite:") ? sqliteStore(name.slice("sqlite:".length)) : postgresStore(name, { maxConnections: 4 });
}

/** What a check came upon. */
export interface Found {
  /** Of the audit log. */
  readonly entries: number;
  /** Writes that nobody was answered, and that are there. */
  readonly done: number;
}

/**
 * Reads the whole registry anew and holds it against what its clients were told: what was acknowledged is there, what was
 * refused is not, nothing is there twice or by halves, and the audit log and the rows say the same.
 *
 * @param isClockSteady Whether the servers had the clients' wall clock all the time.
 */
export async function checkRegistry(
  soak: Pick<Soak, "problem" | "acknowledged">,
  setUp: SoakSetUp,
  ledger: Ledger,
  isClockSteady = true,
): Promise<Found> {
  return withRegistry(setUp, async (opened) => {
    const { ok, brokenAt } = await opened.registry.audit.verify();
    if (!ok) soak.problem(`the audit log is broken at entry ${brokenAt}`);
    const log = await ReplayedLog.of(opened.registry.audit);
    const found = [
      ...checkAttempts(ledger, log, isClockSteady),
      ...(await checkCmks(opened.registry, log)),
      ...(await checkTokens(opened.tokens, log)),
      ...(await checkHeld(opened, ledger.held)),
    ];
    for (const wrong of found) soak.problem(wrong);
    soak.acknowledged += ledger.acknowledged;
    const unknown = ledger.attempts.filter(({ outcome }) => outcome === "unknown");
    return { entries: log.entries, done: unknown.filter(({ requestId }) => log.byRequest.has(requestId)).length };
  });
}

/** Each project's rows must be what the audit log says that they are. */
async function checkCmks(registry: Registry, log: ReplayedLog): Promise<string[]> {
  const wrong: string[] = [];
  const projects = new Set(log.cmks.keys());
  for await (const project of registry.projects()) projects.add(project);
  for (const project of projects) {
    const logged = log.cmks.get(project);
    const deleted = await registry.list(project, { status: "deleted" });
    const live = await registry.list(project); // refused with `bad-record` unless there is at most one default, and that current
    for (const { id, status, defaultCmk } of [...live, ...deleted]) {
      const last = logged?.get(id)?.at(-1);
      if (last?.status !== status || last.isDefault !== defaultCmk) wrong.push(`CMK ${id} is not as the audit log says`);
    }
    if ((logged?.size ?? 0) !== live.length + deleted.length) wrong.push(`${project} has other CMKs than the audit log says`);
  }
  return wrong;
}

async function checkTokens(tokens: ApiTokens, log: ReplayedLog): Promise<string[]> {
  const rows = await tokens.list();
  const wrong = rows
    .filter(({ id }) => log.tokens.get(id)?.filter(({ action }) => action === "token.create").length !== 1)
    .map(({ id }) => `token ${id} is not in the audit log, or more than once`);
  return log.tokens.size === rows.length ? wrong : [...wrong, "the audit log has tokens that are not there"];
}

async function checkHeld({ registry, tokens }: OpenedRegistry, held: readonly Held[]): Promise<string[]> {
  const box = registry.envelope({ service: "check", cache: { maxEntries: 100 } });
  const wrong: string[] = [];
  for (const each of held) {
    if (each.kind === "token") {
      if ((await tokens.authenticate(each.secret)) === undefined) wrong.push(`token ${each.id} was acknowledged and is lost`);
    } else {
      const sealed = Buffer.from(each.text, "base64url");
      const opening = box.open(sealed, { tenant: each.project, path: appPath, context: { row: each.row } });
      await opening.catch((error: unknown) => wrong.push(`the data key of row ${each.row} of ${each.project}: ${String(error)}`));
    }
  }
  return wrong;
}
