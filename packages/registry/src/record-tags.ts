import { recordMac, type CborValue, type RecordKey } from "@cmkit/core/store";

import type {
  AuditRecord,
  BalanceRecord,
  CmkRecord,
  ProjectRecord,
  RewrapRecord,
  TokenRecord,
  Validation,
} from "./cmk-record.ts";
import { RegistryError } from "./registry-error.ts";
import type { Tagged } from "./store.ts";

/** Tags and checks one kind of row. */
export interface RowTags<T> {
  seal(record: T): Tagged<T>;
  /** @throws {RegistryError} `bad-record`: whoever wrote the row does not have the record key. */
  open(row: Tagged<T>): T;
  /** Whether the row must be tagged anew before the previous record key goes. */
  isCurrent(row: Tagged<T>): boolean;
}

/** The tags of audit entries, each of which covers the tag before it. */
export interface ChainTags {
  seal(record: AuditRecord, before: Uint8Array | undefined): Tagged<AuditRecord>;
  verify(row: Tagged<AuditRecord>, before: Uint8Array | undefined): boolean;
}

/** The tags of all kinds of rows, each under a purpose of its own. */
export interface RecordTags {
  readonly cmk: RowTags<CmkRecord>;
  readonly project: RowTags<ProjectRecord>;
  readonly token: RowTags<TokenRecord>;
  readonly rewrap: RowTags<RewrapRecord>;
  readonly balance: RowTags<BalanceRecord>;
  readonly audit: ChainTags;
}

/**
 * Tags of the registry's rows under the operator's record key: a row that someone else wrote into the database is refused.
 * That a row which was once valid is put back is not seen.
 *
 * @throws {TypeError} unless every record key is 32 bytes.
 * @see docs/threat-model.md
 */
export function recordTags(recordKey: RecordKey): RecordTags {
  const audit = recordMac(recordKey, "registry audit");
  return {
    cmk: rowTags(recordKey, "registry cmk", cmkMessage),
    project: rowTags(recordKey, "registry project", projectMessage),
    token: rowTags(recordKey, "registry token", tokenMessage),
    rewrap: rowTags(recordKey, "registry rewrap", rewrapMessage),
    balance: rowTags(recordKey, "registry balance", balanceMessage),
    audit: {
      seal: (record, before) => ({ record, tag: audit.tag(auditMessage(record, before)) }),
      verify: ({ record, tag }, before) => audit.verify(tag, auditMessage(record, before)),
    },
  };
}

function rowTags<T>(recordKey: RecordKey, purpose: string, message: (record: T) => CborValue): RowTags<T> {
  const mac = recordMac(recordKey, purpose);
  return {
    seal: (record) => ({ record, tag: mac.tag(message(record)) }),
    open: ({ record, tag }) => {
      if (!mac.verify(tag, message(record))) throw new RegistryError("bad-record");
      return record;
    },
    isCurrent: ({ record, tag }) => mac.isCurrent(tag, message(record)),
  };
}

function cmkMessage(cmk: CmkRecord): CborValue {
  const { id, project, provider, resource, canonical, keyResource, resolved, status, isDefault } = cmk;
  const { pin, createdAt, updatedAt, validation } = cmk;
  const pinned: CborValue = pin === null ? [] : [optional(pin.keyVersion), pin.spkiSha256];
  const head = [id, project, provider, resource, canonical, keyResource, truth(resolved), status, truth(isDefault)];
  return [...head, pinned, createdAt.getTime(), updatedAt.getTime(), validation === null ? [] : validationMessage(validation)];
}

function validationMessage({ phase, code, message, since, checkedAt, key }: Validation): CborValue {
  const facts: CborValue = key === null ? [] : [key.kind, key.bits, key.state, optional(key.keyVersion)];
  return [phase, code, message, since.getTime(), checkedAt.getTime(), facts];
}

function projectMessage({ name, externalId, createdAt }: ProjectRecord): CborValue {
  return [name, externalId, createdAt.getTime()];
}

function tokenMessage({ id, secretHash, project, role, createdAt, expiresAt, revokedAt }: TokenRecord): CborValue {
  return [id, secretHash, project, role, createdAt.getTime(), moment(expiresAt), moment(revokedAt)];
}

function rewrapMessage(rewrap: RewrapRecord): CborValue {
  const { project, source, target, dataKeys, state, stopped, startedAt, updatedAt } = rewrap;
  return [project, source, target, dataKeys, state, optional(stopped), startedAt.getTime(), updatedAt.getTime()];
}

function balanceMessage(balance: BalanceRecord): CborValue {
  const { project, provider, resource, keyVersion, made, rewrappedIn, rewrappedOut, shredded } = balance;
  return [project, provider, resource, optional(keyVersion), made, rewrappedIn, rewrappedOut, shredded];
}

function auditMessage(entry: AuditRecord, before: Uint8Array | undefined): CborValue {
  const { seq, at, actor, action, project, subject, details, requestId } = entry;
  const told = new Map(Object.entries(details).map(([key, value]) => [key, typeof value === "boolean" ? [truth(value)] : value]));
  const head = [seq, before ?? new Uint8Array(0), at.getTime(), actor, action];
  return [...head, optional(project), optional(subject), told, optional(requestId)];
}

/** CBOR as cmkit uses it has neither null nor booleans: nothing is an empty array, something an array of one. */
function optional(value: string | null): CborValue {
  return value === null ? [] : [value];
}

function moment(value: Date | null): CborValue {
  return value === null ? [] : [value.getTime()];
}

function truth(value: boolean): number {
  return value ? 1 : 0;
}
