import type { DataKeyRecord, DataKeyStore } from "../../src/data-key-store.ts";
import type { KmsAdapter, KmsDriver } from "../../src/driver.ts";
import { envelope, type Envelope } from "../../src/envelope.ts";
import { KmsError } from "../../src/kms-error.ts";
import { multiCloudKms } from "../../src/kms.ts";
import { local } from "../../src/local.ts";
import type { RecordKey } from "../../src/record-mac.ts";
import { fromText } from "../../src/text-form.ts";
import type { Opening } from "./messages.ts";
import { fromHex, hex } from "./raw-cbor.ts";
import { kmsFile, storedRecords } from "./read-vectors.ts";
import type { VectorRecord } from "./world.ts";

/** An envelope in the situation of a vector, and how often its KMSs were asked to unwrap. */
export interface VectorEnvelope {
  readonly box: Envelope;
  readonly asked: () => number;
}

export function vectorEnvelope(vector: Opening): VectorEnvelope {
  let asked = 0;
  const ask = (): void => void (asked += 1);
  const keys = Object.entries(kmsFile.localKeys).map(([name, key]) => [name.slice("local:".length), { aes256: fromHex(key) }]);
  const replayed = Object.keys(kmsFile.keyVersionGrammars).filter((provider) => provider !== "local");
  const localKeys = counted(local({ keys: Object.fromEntries(keys) as Record<string, { aes256: Uint8Array }> }), ask);
  const kms = multiCloudKms({ adapters: [localKeys, ...replayed.map((provider) => counted(replay(provider), ask))] });
  const recordKey = recordKeyOf(vector);
  const box = envelope({
    kms,
    cmk: () => [...vector.accepted],
    accepted: () => vector.accepted,
    service: "vectors",
    ...(recordKey && { recordKey }),
    ...(vector.originNone && { origin: "none" }),
    ...(vector.store !== false && { dataKeys: storeOf(vector) }),
  });
  return { box, asked: () => asked };
}

/** Opens a vector, or the part of it that `sealed` is, as a caller would. */
export async function openVector({ box }: VectorEnvelope, vector: Opening, sealed?: Uint8Array): Promise<Uint8Array> {
  const { tenant, context, path, escrow } = vector;
  const bytes = vector.text === undefined ? (sealed ?? fromHex(vector.sealed)) : fromText(vector.text);
  return box.open(bytes, { tenant, path, ...(context && { context }), ...(escrow !== undefined && { escrow }) });
}

function recordKeyOf({ recordKey }: Opening): RecordKey | undefined {
  const [current, previous] = [fromHex(kmsFile.recordKey), fromHex(kmsFile.previousRecordKey)];
  return recordKey === null ? undefined : recordKey === "both" ? { current, previous } : current;
}

function storeOf({ records = [] }: Opening): DataKeyStore {
  const kept = new Map([...storedRecords, ...records].map((record) => [record.id, record]));
  // A store that was written to by an attacker finds a record under the tenant that is asked for.
  const planted = new Set(records.map(({ id }) => id));
  return {
    get: async (tenant, id) => {
      const record = kept.get(hex(id));
      return record !== undefined && (record.context.tenant === tenant || planted.has(record.id))
        ? dataKeyRecord(record)
        : undefined;
    },
    add: async () => Promise.reject(new Error("vectors are only read")),
    indexKey: async () => undefined,
  };
}

export function dataKeyRecord({ id, origin, recipients, createdAt, ...rest }: VectorRecord): DataKeyRecord {
  const wraps = recipients.map(({ provider, resource, kind, keyVersion, wrapped }) => ({
    cmk: { provider, resource },
    kind,
    keyVersion,
    bytes: fromHex(wrapped),
  }));
  return {
    ...rest,
    purpose: rest.purpose as "field",
    id: fromHex(id),
    origin: origin === null ? null : fromHex(origin),
    recipients: wraps as unknown as DataKeyRecord["recipients"],
    createdAt: new Date(createdAt),
  };
}

/** A KMS that answers what the vectors say that it answers, and refuses the rest. */
function replay(provider: string): KmsAdapter {
  const grammar = kmsFile.keyVersionGrammars[provider] ?? "^$";
  const never = async (): Promise<never> => Promise.reject(new Error("vectors are only opened"));
  const open = (resource: string): KmsDriver => ({
    resource,
    resolved: true,
    describe: never,
    publicKey: never,
    wrap: never,
    async unwrap({ kind, bytes, context, keyVersion }) {
      const found = kmsFile.answers.find(
        (answer) =>
          answer.provider === provider &&
          answer.resource === resource &&
          answer.keyVersion === keyVersion &&
          answer.wrapped === hex(bytes) &&
          answer.context === (kind === "rsa" ? null : hex(context.canonical)),
      );
      if (found === undefined) throw new KmsError("decrypt-failed", { provider });
      return { answeredBy: resource, keyVersion, plaintext: fromHex(found.answer) };
    },
  });
  return { provider, keyVersionGrammar: new RegExp(grammar), open, classify: () => ({ code: "unknown" }) };
}

function counted(adapter: KmsAdapter, ask: () => void): KmsAdapter {
  return {
    ...adapter,
    open(resource) {
      const driver = adapter.open(resource);
      return {
        ...driver,
        async unwrap(request, call) {
          ask();
          return driver.unwrap(request, call);
        },
      };
    },
  };
}
