import { kmsErrorCodes, type KeyKind, type KeyState, type PublicKeyPin } from "@cmkit/core";

import type { CheckPhase, CmkRecord, CmkStatus, KeyFacts, Validation } from "../cmk-record.ts";
import type { Tagged } from "../store.ts";
import { maxProjectLength, tagBytes } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { CmkRow } from "./schema.ts";

export const providerGrammar: RegExp = /^[a-z][a-z0-9-]{0,31}$/;
export const maxResourceLength = 512;
export const maxKeyVersionLength = 512;
const maxMessageLength = 1000;
/** Six JSON characters for each of a message and a version, and the rest. */
const maxValidationLength = 6 * (maxMessageLength + maxKeyVersionLength) + 1000;
const maxKeyBits = 16_384;

const statuses: readonly CmkStatus[] = keysOf<CmkStatus>({ current: 1, old: 1, deleted: 1 });
const phases = keysOf<CheckPhase>({ describe: 1, "public-key": 1, wrap: 1, unwrap: 1, context: 1, done: 1 });
const kinds = keysOf<KeyKind>({ rsa: 1, symmetric: 1 });
const states = keysOf<KeyState>({
  enabled: 1,
  disabled: 1,
  "pending-deletion": 1,
  "pending-import": 1,
  destroyed: 1,
  expired: 1,
  "not-yet-valid": 1,
  unavailable: 1,
});

export const cmkRow: RowCodec<Tagged<CmkRecord>, CmkRow> = {
  write: ({ record, tag }) => ({
    id: record.id,
    project: record.project,
    provider: record.provider,
    resource: record.resource,
    canonical: record.canonical,
    key_resource: record.keyResource,
    resolved: record.resolved ? 1 : 0,
    status: record.status,
    is_default: record.isDefault ? 1 : 0,
    pin_spki_sha256: record.pin?.spkiSha256 ?? null,
    pin_key_version: record.pin?.keyVersion ?? null,
    created_at: record.createdAt.getTime(),
    updated_at: record.updatedAt.getTime(),
    validation: record.validation === null ? null : validationText(record.validation),
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_cmks", raw);
    const record: CmkRecord = {
      id: row.uuid("id"),
      project: row.identifier("project", maxProjectLength),
      provider: row.matching("provider", providerGrammar),
      resource: row.identifier("resource", maxResourceLength),
      canonical: row.identifier("canonical", maxResourceLength),
      keyResource: row.identifier("key_resource", maxResourceLength),
      resolved: row.truth("resolved"),
      status: row.oneOf("status", statuses),
      isDefault: row.truth("is_default"),
      pin: pinOf(row),
      createdAt: row.time("created_at"),
      updatedAt: row.time("updated_at"),
      validation: row.optional("validation", () => validationOf(row)),
    };
    return { record, tag: row.bytes("tag", tagBytes) };
  },
};

function pinOf(row: RowReader<keyof CmkRow>): PublicKeyPin | null {
  const keyVersion = row.optional("pin_key_version", (column) => row.identifier(column, maxKeyVersionLength));
  const spkiSha256 = row.optional("pin_spki_sha256", (column) => row.bytes(column, 32));
  if (spkiSha256 === null && keyVersion !== null) row.refuse("pin_spki_sha256");
  return spkiSha256 === null ? null : { keyVersion, spkiSha256 };
}

function validationText({ phase, code, message, since, checkedAt, key }: Validation): string {
  const facts = key === null ? null : { kind: key.kind, bits: key.bits, state: key.state, key_version: key.keyVersion };
  return JSON.stringify({ phase, code, message, since: since.getTime(), checked_at: checkedAt.getTime(), key: facts });
}

function validationOf(cmk: RowReader<keyof CmkRow>): Validation {
  const members = ["phase", "code", "message", "since", "checked_at", "key"] as const;
  const row = cmk.json("validation", maxValidationLength, members);
  return {
    phase: row.oneOf("phase", phases),
    code: row.oneOf("code", ["ok", ...kmsErrorCodes]),
    message: row.text("message", maxMessageLength),
    since: row.time("since"),
    checkedAt: row.time("checked_at"),
    key: row.optional("key", () => factsOf(row.nested("key", ["kind", "bits", "state", "key_version"]))),
  };
}

function factsOf(row: RowReader<"kind" | "bits" | "state" | "key_version">): KeyFacts {
  return {
    kind: row.oneOf("kind", kinds),
    bits: row.integer("bits", 1, maxKeyBits),
    state: row.oneOf("state", states),
    keyVersion: row.optional("key_version", (column) => row.identifier(column, maxKeyVersionLength)),
  };
}

/** All of a union: one that is left out does not compile. */
function keysOf<T extends string>(all: Record<T, 1>): readonly T[] {
  return Object.keys(all) as T[];
}
