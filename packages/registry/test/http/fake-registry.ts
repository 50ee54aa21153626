import { randomUUID } from "node:crypto";

import { KmsError } from "@cmkit/core";

import type { AccessReport } from "../../src/access-report.ts";
import type { Accessors } from "../../src/accessors.ts";
import type { AuditLog } from "../../src/audit-log.ts";
import type { CmkRecord, Validation } from "../../src/cmk-record.ts";
import type { Grant } from "../../src/grant.ts";
import { shown, type RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry, RegistryCallOptions } from "../../src/registry.ts";
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
    return this.dataKeys === 0 ? [] : [{ service: "crm", status: "active" }];
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
