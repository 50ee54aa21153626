import { randomUUID } from "node:crypto";
import { KmsError, type Cmk, type Envelope } from "@cmkit/core";
import { envelopeGroup, type EnvelopeGroup } from "@cmkit/core/store";

import type { AccessReport } from "./access-report.ts";
import type { Accessors } from "./accessors.ts";
import type { AuditLog } from "./audit-log.ts";
import { chainedAuditLog, type AuditWriter } from "./chained-audit-log.ts";
import type { AuditRecord, CmkRecord, CmkStatus } from "./cmk-record.ts";
import type { Grant } from "./grant.ts";
import { checkAccessors } from "./grants/check-accessors.ts";
import { grantsFor } from "./grants/grants-for.ts";
import { KeyChecks } from "./key-checks.ts";
import { keyedStore } from "./keyed-store.ts";
import { refuseOperatorsAlias, refuseOthersKey } from "./own-keys.ts";
import { checkedProject, projectCmks } from "./project-cmks.ts";
import { shown, type RegisteredCmk } from "./registered-cmk.ts";
import { auditEntry, type RegistryParts } from "./registry-parts.ts";
import { recordTags } from "./record-tags.ts";
import { refusalCounts, type RefusalCounts } from "./refusal-counts.ts";
import type { Registry, RegistryCallOptions, RegistryEnvelopeOptions, RegistryOptions, ServiceAssociation } from "./registry.ts";
import { registryEnvelope } from "./registry-envelope.ts";
import { isRegistryError } from "./registry-error.ts";
import { retire } from "./retire.ts";
import type { RetireOptions, RetireReport } from "./retire-report.ts";
import type { RewrapOptions, RewrapProgress } from "./rewrap-progress.ts";
import { RewrapRuns } from "./rewrap/rewrap-runs.ts";
import { liveCmk, register, remove, update, type Change, type CmkChange } from "./rules.ts";
import { serviceAssociations } from "./service-associations.ts";
import type { RegistryWrites } from "./store.ts";

/**
 * A registry of CMKs over a store.
 *
 * @throws {TypeError} unless every record key is 32 bytes. @throws {RegistryError} `invalid-request`: an accessor that no grant can name.
 */
export function cmkRegistry(options: RegistryOptions): Registry {
  return new CmkRegistry(options);
}

class CmkRegistry implements Registry {
  readonly accessors: Accessors;
  private readonly parts: RegistryParts;
  private readonly log: AuditLog & AuditWriter;
  private readonly checks: KeyChecks;
  private readonly refusals: RefusalCounts;
  private readonly rewraps: RewrapRuns;
  /** In one process, what one service hears refused is refused to all. */
  private readonly envelopes: EnvelopeGroup = envelopeGroup();
  private ignorePurges: (() => void) | undefined;

  constructor(options: RegistryOptions) {
    const { kms, recordKey, accessors = {}, operatorCmk } = options;
    const { clock } = kms;
    checkAccessors(accessors);
    if (operatorCmk !== undefined) refuseOperatorsAlias(kms, operatorCmk);
    this.accessors = accessors;
    this.log = chainedAuditLog({ store: options.store, recordKey, clock });
    const store = keyedStore(options.store, this.log);
    this.parts = { kms, store, tags: recordTags(recordKey), audit: this.log, options };
    this.checks = new KeyChecks(this.parts);
    this.refusals = refusalCounts({ kms, store, audit: this.log });
    this.rewraps = new RewrapRuns(this.parts, {
      settle: async (cmk) => this.settled(cmk),
      checkNow: async (cmk) => this.checks.now(cmk, await this.externalId(cmk.project)),
    });
  }

  get audit(): AuditLog {
    return this.log;
  }

  async register(
    project: string,
    { provider, resource, defaultCmk = false }: { provider: string; resource: string; defaultCmk?: boolean },
    options: RegistryCallOptions = {},
  ): Promise<RegisteredCmk> {
    checkedProject(project);
    if (provider === "local" && this.parts.options.allowLocal !== true) {
      throw new KmsError("adapter-missing", { detail: "local keys are not registered here" });
    }
    const { cmk, keyResource, resolved } = this.parts.kms.open({ provider, resource });
    const id = randomUUID();
    const names = { provider, resource, canonical: cmk.resource, keyResource, resolved };
    const asked = { id, project, ...names, isDefault: defaultCmk };
    const { operatorCmk } = this.parts.options;
    return this.change(project, "cmk.create", options, async (tx, cmks, at) => {
      const change = register(cmks, asked, at);
      await refuseOthersKey(this.parts, tx, project, cmk);
      await this.projectRow(tx, project);
      // A project with a key of its own seals no longer under the operator's.
      if (operatorCmk !== undefined && cmks.length === 0) await tx.announcePurge({ project, cmk: operatorCmk });
      return change;
    });
  }

  async list(project: string, { status }: { readonly status?: CmkStatus } = {}): Promise<readonly RegisteredCmk[]> {
    const cmks = await this.cmks(project);
    return cmks.filter((cmk) => (status === undefined ? cmk.status !== "deleted" : cmk.status === status)).map(shown);
  }

  async get(project: string, id: string): Promise<RegisteredCmk> {
    return shown(await this.live(project, id));
  }

  async update(project: string, id: string, change: CmkChange, options: RegistryCallOptions = {}): Promise<RegisteredCmk> {
    checkedProject(project);
    return this.change(project, "cmk.update", options, async (tx, cmks, at) => {
      const updated = update(cmks, id, change, at);
      if (updated.result.status === "old") await tx.announcePurge({ project, cmk: keyOf(updated.result) });
      return updated;
    });
  }

  async delete(
    project: string,
    id: string,
    { force = false, ...options }: RegistryCallOptions & { readonly force?: boolean } = {},
  ): Promise<RegisteredCmk> {
    checkedProject(project);
    return this.change(project, "cmk.delete", options, async (tx, cmks, at) => {
      const cmk = keyOf(liveCmk(cmks, id));
      const dataKeys = await tx.countDataKeys(project, cmk);
      await tx.announcePurge({ project, cmk });
      return { ...remove(cmks, id, dataKeys, force, at), details: { data_keys: dataKeys, force } };
    });
  }

  async rewrap(project: string, options: RewrapOptions): Promise<RewrapProgress> {
    return this.rewraps.run(checkedProject(project), options);
  }

  async startRewrap(project: string, options: Omit<RewrapOptions, "onProgress">): Promise<RewrapProgress> {
    return this.rewraps.start(checkedProject(project), options);
  }

  async rewrapProgress(project: string, from: string): Promise<RewrapProgress> {
    return this.rewraps.progress(checkedProject(project), from);
  }

  async retire(project: string, id: string, options: RetireOptions = {}): Promise<RetireReport> {
    return retire(this.parts, checkedProject(project), id, options);
  }

  async purge(project: string, id?: string): Promise<void> {
    const { store, options } = this.parts;
    const own = (id === undefined ? await this.cmks(project) : [await this.live(project, id)]).map(keyOf);
    const operators = id === undefined && options.operatorCmk !== undefined ? [options.operatorCmk] : [];
    await store.write(async (tx) => {
      for (const cmk of [...own, ...operators]) await tx.announcePurge({ project, cmk });
    });
  }

  async dataKeyCount(project: string, id: string): Promise<number> {
    return this.parts.store.reads.countDataKeys(project, keyOf(await this.live(project, id)));
  }

  async serviceAssociations(project: string, id: string): Promise<readonly ServiceAssociation[]> {
    return serviceAssociations(this.parts, project, id);
  }

  async grants(project: string, id: string): Promise<readonly Grant[]> {
    const { provider, canonical, validation } = await this.live(project, id);
    const cmk = { provider, resource: canonical };
    const externalId = await this.externalId(project);
    return grantsFor({ project, cmk, kind: validation?.key?.kind, accessors: this.accessors, externalId });
  }

  async check(project: string, id: string, options: Parameters<Registry["check"]>[2] = {}): Promise<AccessReport> {
    const cmk = await this.live(project, id);
    const report = await this.checks.check(cmk, await this.externalId(project), options);
    const { code } = report.cmk.validation;
    if (code !== "ok") this.envelopes.answered(code, project, keyOf(cmk));
    return report;
  }

  async *checkAll({ project, ...options }: Parameters<Registry["checkAll"]>[0] = {}): AsyncIterable<AccessReport> {
    let failure: { readonly reason: unknown } | undefined;
    for await (const name of project === undefined ? this.projects() : [project]) {
      try {
        yield* this.checkProject(name, options);
      } catch (reason) {
        if (!isRegistryError(reason) || reason.code !== "bad-record") throw reason;
        failure ??= { reason }; // no project keeps the others from being checked
      }
    }
    if (failure !== undefined) throw failure.reason;
  }

  async *projects(): AsyncIterable<string> {
    const limit = 500;
    for (let after: string | undefined; ;) {
      const page = await this.parts.store.reads.projects({ after, limit });
      yield* page;
      after = page.at(-1);
      if (page.length < limit) return;
    }
  }

  async externalId(project: string): Promise<string> {
    const { store, tags } = this.parts;
    const found = await store.reads.project(checkedProject(project));
    if (found !== undefined) return tags.project.open(found).externalId;
    const work = async (tx: RegistryWrites): Promise<string> => {
      await tx.lockProject(project);
      return this.projectRow(tx, project);
    };
    return store.write(work, { project });
  }

  envelope(options: RegistryEnvelopeOptions): Envelope {
    const projects = {
      settle: async (cmk: CmkRecord): Promise<CmkRecord> => this.settled(cmk),
      enter: async (project: string): Promise<void> => void (await this.externalId(project)),
    };
    const made = registryEnvelope(this.parts, this.envelopes, projects, options);
    this.ignorePurges ??= this.parts.store.onPurge((purge) => this.envelopes.purge(purge?.cmk, purge?.project));
    return made;
  }

  async ready(): Promise<void> {
    await this.parts.store.ready();
  }

  async close(): Promise<void> {
    this.ignorePurges?.();
    this.envelopes.purge();
    await this.rewraps.close();
    try {
      await this.refusals.close();
    } finally {
      await this.parts.store.close();
    }
  }

  private async *checkProject(project: string, options: RegistryCallOptions): AsyncIterable<AccessReport> {
    for (const { id, status } of await this.cmks(project)) {
      if (status === "deleted") continue;
      try {
        yield await this.check(project, id, options);
      } catch (error) {
        if (!isRegistryError(error) || error.code !== "not-found") throw error; // else it was deleted meanwhile
      }
    }
  }

  private async cmks(project: string): Promise<readonly CmkRecord[]> {
    const { store, tags } = this.parts;
    return projectCmks(store.reads, tags.cmk, checkedProject(project));
  }

  private async settled(cmk: CmkRecord): Promise<CmkRecord> {
    return this.checks.settled(cmk, await this.externalId(cmk.project));
  }

  private async live(project: string, id: string): Promise<CmkRecord> {
    return liveCmk(await this.cmks(project), id);
  }

  /** One change of one project's CMKs: decided, written, tagged and logged in one transaction, alone with the project. */
  private async change(
    project: string,
    action: string,
    { signal, ...by }: RegistryCallOptions,
    decide: (
      tx: RegistryWrites,
      cmks: readonly CmkRecord[],
      at: Date,
    ) => Promise<Change & { readonly details?: AuditRecord["details"] }>,
  ): Promise<RegisteredCmk> {
    const { store, tags, audit, kms } = this.parts;
    return store.write(
      async (tx) => {
        await tx.lockProject(project);
        const at = new Date(kms.clock.wallMs());
        const { rows, result, details } = await decide(tx, await projectCmks(tx, tags.cmk, project), at);
        for (const row of rows) await tx.putCmk(tags.cmk.seal(row));
        if (rows.length > 0) await audit.append(tx, auditEntry(action, result, by, details));
        return shown(result);
      },
      { project, signal },
    );
  }

  /** The project's external id, made if it has none. Under the project's lock. */
  private async projectRow(tx: RegistryWrites, project: string): Promise<string> {
    const { tags, kms } = this.parts;
    const found = await tx.project(project);
    if (found !== undefined) return tags.project.open(found).externalId;
    const externalId = randomUUID();
    await tx.putProject(tags.project.seal({ name: project, externalId, createdAt: new Date(kms.clock.wallMs()) }));
    return externalId;
  }
}

/** As its data keys name it. */
function keyOf({ provider, canonical }: CmkRecord): Cmk {
  return { provider, resource: canonical };
}
