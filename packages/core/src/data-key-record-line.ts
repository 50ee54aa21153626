import type { Cmk, KeyKind, WrappedKey } from "./cmk.ts";
import { isRecordOf, type DataKeyRecord } from "./data-key-store.ts";

interface RecordLine {
  readonly id: string;
  readonly context: DataKeyRecord["context"];
  readonly service: string;
  readonly purpose: DataKeyRecord["purpose"];
  readonly origin: string | null;
  readonly recipients: readonly {
    readonly cmk: Cmk;
    readonly keyVersion: string | null;
    readonly bytes: string;
    readonly kind?: KeyKind;
  }[];
  readonly createdAt: string;
}

/** A record as one line of JSON: equal records give equal lines. */
export function encodeRecord({ id, context, service, purpose, origin, recipients, createdAt }: DataKeyRecord): string {
  const line: RecordLine = {
    id: base64url(id),
    context: Object.fromEntries(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))) as DataKeyRecord["context"],
    service,
    purpose,
    origin: origin && base64url(origin),
    recipients: recipients.map(({ cmk: { provider, resource }, keyVersion, bytes, kind }) => {
      const wrapped = { cmk: { provider, resource }, keyVersion, bytes: base64url(bytes) };
      return kind === undefined ? wrapped : { ...wrapped, kind };
    }),
    createdAt: createdAt.toISOString(),
  };
  return JSON.stringify(line);
}

/** @returns undefined for anything that {@link encodeRecord} would not have written: a record has one spelling. */
export function decodeRecord(text: string): DataKeyRecord | undefined {
  try {
    const line = JSON.parse(text) as RecordLine;
    const [first, ...further] = line.recipients.map(({ cmk, keyVersion, bytes, kind }): WrappedKey => {
      const { provider, resource } = cmk;
      return { cmk: { provider, resource }, keyVersion, bytes: fromBase64url(bytes), ...(kind === undefined ? {} : { kind }) };
    });
    if (first === undefined) return undefined;
    const { context, service, purpose } = line;
    const origin = line.origin === null ? null : fromBase64url(line.origin);
    const id = fromBase64url(line.id);
    const record: DataKeyRecord = {
      id,
      context,
      service,
      purpose,
      origin,
      recipients: [first, ...further],
      createdAt: new Date(line.createdAt),
    };
    return isRecordOf(id, record) && encodeRecord(record) === text ? record : undefined;
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

function fromBase64url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
