import type { Envelope } from "../src/envelope.ts";
import type { EnvelopeOptions } from "../src/envelope-options.ts";
import { fieldEncryption, type EncryptOptions, type TenantFields } from "../src/field-encryption.ts";
import type { FieldEncryptionOptions, Fields } from "../src/field-options.ts";
import { isKmsError } from "../src/kms-error.ts";
import { World } from "./envelope-world.ts";

export type Row = Record<string, unknown>;
/** Fields of one tenant that are known only at run time: they take rows of any kind. */
export type AnyFields = TenantFields<Fields, string | null, string>;
type Declaration = Partial<Omit<FieldEncryptionOptions<Fields, string | null, string>, "envelope">>;

export const tenant = "acme";

export const everyType = {
  text: {},
  size: { type: "number" },
  paid: { type: "boolean" },
  born: { type: "date" },
  photo: { type: "bytes" },
  tags: { type: "json" },
  padded: { padTo: 64 },
  "address.street": {},
  "address.geo.point": { type: "json" },
  "address.geo.since": { type: "date" },
} as const satisfies Fields;

/** A row with a value for each field of {@link everyType}. */
export function fullRow(id: unknown = "r1"): Row {
  return {
    id,
    plan: "gold",
    text: "Ada Lovelace",
    size: -0,
    paid: false,
    born: new Date("1815-12-10"),
    photo: new Uint8Array([1, 2, 3]),
    tags: ["poet", { since: null }],
    padded: "",
    address: { city: "London", street: "12 St James's Square", geo: { point: [51.5, -0.1], since: new Date(0), plot: 4 } },
  };
}

export function fieldsOf(box: Envelope, declaration: Declaration = {}, of = tenant, context?: Record<string, string>): AnyFields {
  const { fields = everyType, table = "customers", rowId = "id", version } = declaration;
  const options = { envelope: box, fields, table, rowId, ...(version === undefined ? {} : { version }) };
  return fieldEncryption<Fields, string | null, string>(options).for(of, context === undefined ? {} : { context });
}

/** A world with field encryption of one table. */
export class FieldsWorld extends World {
  readonly mine: AnyFields;

  constructor(declaration: Declaration = {}, options: Partial<EnvelopeOptions> = {}) {
    super(options);
    this.mine = fieldsOf(this.box, declaration);
  }

  /** What `encrypt` gives; the answers of the KMS come at once. */
  async encrypted(row: object, options?: EncryptOptions): Promise<Row> {
    return options === undefined ? this.mine.encrypt(row) : this.mine.encrypt(row, options);
  }

  plainReads(): string[] {
    return this.events.flatMap((event) => (event.type === "plain-read" ? [`${event.tenant} ${event.table} ${event.field}`] : []));
  }
}

/** The error with which `run` is refused. */
export async function refusal(run: Promise<unknown>): Promise<Error> {
  const [result] = await Promise.allSettled([run]);
  if (result.status === "rejected" && result.reason instanceof Error) return result.reason;
  throw new Error("expected a refusal");
}

/** The code with which `run` is refused, the kind of a wrong argument's error, or `ok`. */
export async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "ok",
    (error: unknown) => (isKmsError(error) ? error.code : (error as Error).name),
  );
}

/** Freezes everything that is in a value; what bytes hold cannot be. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) deepFrozen(inner);
    Object.freeze(value);
  }
  return value;
}

/** The value at a field's path. */
export function at(row: unknown, field: string): unknown {
  return field.split(".").reduce<unknown>((value, key) => (value as Row | undefined)?.[key], row);
}

/** A copy with another value at a field's path. */
export function withAt(row: Row, field: string, value: unknown): Row {
  const [key = "", ...rest] = field.split(".");
  return { ...row, [key]: rest.length === 0 ? value : withAt((row[key] ?? {}) as Row, rest.join("."), value) };
}
