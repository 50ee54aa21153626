import { KmsError, type Context, type DataKeyRecord, type KeyKind, type WrappedKey } from "@cmkit/core";
import { bindContext, isRecordOf } from "@cmkit/core/store";

import { maxKeyVersionLength, maxResourceLength } from "./cmk-row.ts";
import { maxProjectLength } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { DataKeyRow, WrapRow } from "./schema.ts";

/** Six JSON characters for each of the 2,048 bytes that a context has, and the rest. */
const maxContextLength = 16_384;
const maxProviderLength = 32;
const maxWrappedBytes = 6144;

export const wrapRow: RowCodec<WrappedKey, WrapRow> = {
  write: ({ cmk, keyVersion, kind, bytes }) => ({
    provider: cmk.provider,
    resource: cmk.resource,
    key_version: keyVersion,
    kind: kind ?? null,
    wrapped: bytes,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_data_keys", raw);
    const keyVersion = row.optional("key_version", (column) => row.identifier(column, maxKeyVersionLength));
    const kind = row.optional<KeyKind>("kind", (column) => row.oneOf(column, ["rsa", "symmetric"]));
    const provider = row.identifier("provider", maxProviderLength);
    return {
      cmk: { provider, resource: row.identifier("resource", maxResourceLength) },
      keyVersion,
      bytes: row.bytes("wrapped", 1, maxWrappedBytes),
      ...(kind === null ? {} : { kind }),
    };
  },
};

export const dataKeyRow: RowCodec<DataKeyRecord, DataKeyRow> = {
  write: (record) => {
    const context = bindContext(record.context);
    return {
      project: context.entries.tenant,
      id: record.id,
      purpose: record.purpose,
      service: record.service,
      context: contextText(context.entries),
      context_key: context.key,
      origin: record.origin,
      ...wrapRow.write(onlyRecipient(record)),
      created_at: record.createdAt.getTime(),
    };
  },
  read: (raw) => {
    const row = new RowReader("cmkit_data_keys", raw);
    const record: DataKeyRecord = {
      id: row.bytes("id", 32),
      context: contextOf(row),
      service: row.text("service", 64),
      purpose: row.oneOf("purpose", ["field", "index"]),
      origin: row.optional("origin", (column) => row.bytes(column, 32)),
      recipients: [wrapRow.read(raw)],
      createdAt: row.time("created_at"),
    };
    return isRecordOf(record.id, record) ? record : row.refuse("id");
  },
};

/** @throws {KmsError} `unsupported` */
function onlyRecipient({ recipients }: DataKeyRecord): WrappedKey {
  const [first, ...others] = recipients;
  if (first === undefined || others.length > 0) {
    throw new KmsError("unsupported", { detail: "this store keeps data keys with exactly one recipient" });
  }
  return first;
}

/** The row says three times whose data key it is: they must agree. */
function contextOf(row: RowReader<keyof DataKeyRow>): Context {
  const context = boundContext(row.object("context", maxContextLength) as Context) ?? row.refuse("context");
  const text = row.text("context", maxContextLength);
  if (contextText(context.entries) !== text) return row.refuse("context");
  if (row.text("context_key", 64) !== context.key) return row.refuse("context_key");
  if (row.text("project", maxProjectLength) !== context.entries.tenant) return row.refuse("project");
  return context.entries;
}

function boundContext(context: Context): ReturnType<typeof bindContext> | undefined {
  try {
    return bindContext(context);
  } catch {
    return undefined;
  }
}

function contextText(entries: Context): string {
  return JSON.stringify(Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))));
}
