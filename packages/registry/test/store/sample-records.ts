import type { Cmk, Context, DataKeyRecord } from "@cmkit/core";
import { bindContext } from "@cmkit/core/store";
import { randomBytes, randomUUID } from "node:crypto";

import type { AuditRecord, BalanceRecord, CmkRecord, ProjectRecord, RewrapRecord, TokenRecord } from "../../src/cmk-record.ts";
import type { Tagged } from "../../src/store.ts";

/** A time with milliseconds, past 2^31 seconds' worth of them. */
export const sampleTime = new Date(1_795_000_000_123);

export function sampleBytes(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

export function tagged<T>(record: T): Tagged<T> {
  return { record, tag: sampleBytes(32) };
}

export function sampleProject(change: Partial<ProjectRecord> = {}): Tagged<ProjectRecord> {
  return tagged({ name: "acme", externalId: "1f0a", createdAt: sampleTime, ...change });
}

export function sampleCmk(change: Partial<CmkRecord> = {}): Tagged<CmkRecord> {
  const id = randomUUID();
  return tagged({
    id,
    project: "acme",
    provider: "aws",
    resource: `arn:aws:kms:eu-west-1:111122223333:alias/${id}`,
    canonical: `arn:aws:kms:eu-west-1:111122223333:key/${id}`,
    keyResource: `arn:aws:kms:eu-west-1:111122223333:key/${id}`,
    resolved: true,
    status: "current",
    isDefault: false,
    pin: null,
    createdAt: sampleTime,
    updatedAt: sampleTime,
    validation: null,
    ...change,
  });
}

export const sampleKey: Cmk = { provider: "aws", resource: "arn:aws:kms:eu-west-1:111122223333:key/1" };

export function sampleDataKey(change: Partial<DataKeyRecord> = {}, cmk: Cmk = sampleKey): DataKeyRecord {
  return {
    id: sampleBytes(32),
    context: { tenant: "acme" },
    service: "crm",
    purpose: "field",
    origin: sampleBytes(32),
    recipients: [{ cmk, keyVersion: null, bytes: sampleBytes(200), kind: "symmetric" }],
    createdAt: sampleTime,
    ...change,
  };
}

export function contextKey(context: Context): string {
  return bindContext(context).key;
}

export function sampleRewrap(change: Partial<RewrapRecord> = {}): Tagged<RewrapRecord> {
  return tagged({
    project: "acme",
    source: randomUUID(),
    target: randomUUID(),
    dataKeys: 0,
    state: "unfinished",
    stopped: null,
    startedAt: sampleTime,
    updatedAt: sampleTime,
    ...change,
  });
}

export function sampleBalance(change: Partial<BalanceRecord> = {}): Tagged<BalanceRecord> {
  const counts = { made: 1, rewrappedIn: 2, rewrappedOut: 3, shredded: 0 };
  return tagged({ project: "acme", ...sampleKey, keyVersion: "v1", ...counts, ...change });
}

export function sampleToken(change: Partial<TokenRecord> = {}): Tagged<TokenRecord> {
  return tagged({
    id: randomBytes(8).toString("hex"),
    secretHash: sampleBytes(32),
    project: "acme",
    role: "operator",
    createdAt: sampleTime,
    expiresAt: null,
    revokedAt: null,
    ...change,
  });
}

export function sampleEntry(change: Partial<AuditRecord> = {}): Tagged<AuditRecord> {
  return tagged({
    seq: 1,
    at: sampleTime,
    actor: "application",
    action: "cmk.create",
    project: "acme",
    subject: null,
    details: {},
    requestId: null,
    ...change,
  });
}
