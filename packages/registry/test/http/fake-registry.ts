import { randomUUID } from "node:crypto";

import { KmsError } from "@cmkit/core";

import type { AccessReport } from "../../src/access-report.ts";
import type { Accessors } from "../../src/accessors.ts";
import type { AuditLog } from "../../src/audit-log.ts";
import { operatorSource, type CmkRecord, type Validation } from "../../src/cmk-record.ts";
import type { Grant } from "../../src/grant.ts";
import { shown, type RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry, RegistryCallOptions, ServiceAssociation } from "../../src/registry.ts";
import type { RetireOptions, RetireReport } from "../../src/retire-report.ts";
import type { RewrapOptions, RewrapProgress } from "../../src/rewrap-progress.ts";
import { RegistryError } from "../../src/registry-error.ts";
import { liveCmk, register, remove, update, type Change } from "../../src/rules.ts";

export const accessors: Accessors = {
  aws: { principal: "arn:aws:iam::111122223333:role/cmkit" },
  gcp: { access_group: "byok@example.com" },
  azure: { app_id: "11111111-2222-3333-4444-555555555555" },
  oci: { access_group: "ocid1.group.oc1..aaaa", access_tenant: "ocid1.tenancy.oc1..bbbb" },
};

export const grant: Grant = {
  form: "aws-key-policy",
  title: "Key policy",
  language: "json",
  text: '{ "Version": "2012-10-17" }\n',
};

/** The registry's rules over an array; what only a database or a cloud can do is set from outside. */
export class FakeRegistry implements Registry {
  readonly accessors: Accessors = accessors;
  rows: readonly CmkRecord[] = [];
  /** How many data keys depend on every CMK. */
  dataKeys = 0;
  /** What is said of the service that has them. */
  association: ServiceAssociation["status"] = "active";
  /** What is known of a rewrap, whichever is asked for. */
  rewrapped: Pick<RewrapProgress, "state" | "dataKeys" | "remaining" | "failed" | "failedIds" | "stopped"> = {
    state: "running",
    dataKeys: 5,
    remaining: 3,
    failed: [],
    failedIds: [],
  };
  /** What `startRewrap` was given, newest last. */
  readonly rewraps: (RewrapOptions & { readonly project: string })[] = [];
  /** How a check ends. */
  validation: Pick<Validation, "phase" | "code" | "message"> = { phase: "done", code: "ok", message: "Everything works." };
  missing: AccessReport["missing"];
  /** Thrown by the next call of any method. */
  failure: unknown;
  /** What the calls that change something were given, newest last. */
  readonly calls: RegistryCallOptions[] = [];

  get audit(): AuditLog {
    throw new Error("the fake has no audit log");
  }

  async register(
    project: string,
    { provider, resource, defaultCmk = false }: { provider: string; resource: string; defaultCmk?: boolean },
    options: RegistryCallOptions = {},
  ): Promise<RegisteredCmk> {
    this.enter(options);
    if (!resource.startsWith("arn:")) throw new KmsError("invalid-resource", { provider, detail: "expected an ARN" });
    const names = { provider, resource, canonical: resource, keyResource: resource, resolved: true };
    const asked = { id: randomUUID(), project, ...names, isDefault: defaultCmk };
    return this.apply(register(this.of(project), asked, new Date()));
  }

  async list(project: string, { status }: { readonly status?: CmkRecord["status"] } = {}): Promise<readonly RegisteredCmk[]> {
    this.enter();
    return this.of(project)
      .filter((cmk) => (status === undefined ? cmk.status !== "deleted" : cmk.status === status))
      .map(shown);
  }

  async get(project: string, id: string): Promise<RegisteredCmk> {
    return shown(this.live(project, id));
  }

  async update(
    project: string,
    id: string,
    change: Parameters<Registry["update"]>[2],
    options: RegistryCallOptions = {},
  ): Promise<RegisteredCmk> {
    this.enter(options);
    return this.apply(update(this.of(project), id, change, new Date()));
  }

  async delete(
    project: string,
    id: string,
    { force = false, ...options }: RegistryCallOptions & { readonly force?: boolean } = {},
  ): Promise<RegisteredCmk> {
    this.enter(options);
    return this.apply(remove(this.of(project), id, this.dataKeys, force, new Date()));
  }

  async dataKeyCount(project: string, id: string): Promise<number> {
    this.live(project, id);
    return this.dataKeys;
  }

  async serviceAssociations(project: string, id: string): ReturnType<Registry["serviceAssociations"]> {
    this.live(project, id);
    return this.dataKeys === 0 ? [] : [{ service: "crm", status: this.association }];
  }

  async grants(project: string, id: string): Promise<readonly Grant[]> {
    this.live(project, id);
    return [grant];
  }

  async check(project: string, id: string, options: RegistryCallOptions = {}): Promise<AccessReport> {
    this.enter(options);
    const at = new Date();
    const validation: Validation = { ...this.validation, since: at, checkedAt: at, key: null };
    const cmk = { ...this.live(project, id), validation };
    this.rows = this.rows.map((row) => (row.id === id ? cmk : row));
    return {
      cmk: { ...shown(cmk), validation },
      passed: validation.code === "ok",
      missing: this.missing,
      lints: [{ code: "rotation-off", severity: "notice", message: "The key does not rotate." }],
    };
  }

  async *checkAll(): AsyncIterable<AccessReport> {
    for (const { project, id } of this.rows) yield await this.check(project, id);
  }

  async rewrap(): Promise<never> {
    throw new Error("the fake rewraps nothing");
  }

  async startRewrap(project: string, options: RewrapOptions): Promise<RewrapProgress> {
    this.enter(options);
    const { from, to = from } = options;
    for (const id of [from, to]) if (id !== operatorSource) liveCmk(this.of(project), id);
    this.rewraps.push({ ...options, project });
    return this.rewrapProgress(project, from);
  }

  async rewrapProgress(project: string, from: string): Promise<RewrapProgress> {
    this.enter();
    const begun = this.rewraps.findLast((rewrap) => rewrap.project === project && rewrap.from === from);
    if (begun === undefined) throw new RegistryError("not-found");
    return { project, from, to: begun.to ?? from, ...this.rewrapped, startedAt: new Date() };
  }

  async retire(project: string, id: string, options: RetireOptions = {}): Promise<RetireReport> {
    this.enter(options);
    const cmk = shown(liveCmk(this.of(project), id));
    if (this.dataKeys > 0) throw new RegistryError("in-use", `${this.dataKeys} data keys are left.`);
    const { backupsUntil = null } = options;
    const balance = { keyVersion: "1", made: 3, rewrappedIn: 2, rewrappedOut: 5, shredded: 0, present: 0 };
    return {
      cmk,
      resource: cmk.resource,
      store: "fake",
      position: "17",
      at: new Date(),
      versions: [balance, { ...balance, keyVersion: null }],
      cannotSee: ["Messages elsewhere."],
      backupsUntil,
      safeToDestroy: backupsUntil !== null && backupsUntil.getTime() < Date.now(),
      auditEntry: 4,
    };
  }

  async purge(): Promise<void> {}

  async *projects(): AsyncIterable<string> {
    this.enter();
    yield* [...new Set(this.rows.map(({ project }) => project))].sort();
  }

  async externalId(): Promise<string> {
    return "external";
  }

  envelope(): never {
    throw new Error("the fake has no envelope");
  }

  async ready(): Promise<void> {
    this.enter();
  }

  async close(): Promise<void> {}

  private enter(options?: RegistryCallOptions): void {
    if (options !== undefined) this.calls.push(options);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  private of(project: string): readonly CmkRecord[] {
    return this.rows.filter((cmk) => cmk.project === project);
  }

  private live(project: string, id: string): CmkRecord {
    this.enter();
    return liveCmk(this.of(project), id);
  }

  private apply({ rows, result }: Change): RegisteredCmk {
    const changed = new Map(rows.map((row) => [row.id, row]));
    const kept = this.rows.map((row) => changed.get(row.id) ?? row);
    const added = rows.filter(({ id }) => !this.rows.some((row) => row.id === id));
    this.rows = [...kept, ...added];
    return shown(result);
  }
}
