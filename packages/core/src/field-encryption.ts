import { engineOf } from "./envelope.ts";
import type { FieldEncryptionOptions, Fields, IndexedNames, ValueOf } from "./field-options.ts";
import type { DecryptableRow, EncryptableRow, EncryptedRow, MigratedRow, NoEnumerations, ReadRow } from "./field-rows.ts";
import { fieldSchema } from "./field-schema.ts";
import type { CallOptions } from "./limit.ts";
import { KmsError } from "./kms-error.ts";
import { TenantFieldCipher } from "./tenant-fields.ts";

export interface EncryptOptions extends CallOptions {
  /** "keep": a value that is encrypted already, and opens at its place, is left as it is. For migrations that may be repeated. */
  readonly ifEncrypted?: "keep";
}

export interface DecryptOptions<Only extends string, Mask extends boolean = boolean> extends CallOptions {
  /** Decrypts these fields and leaves the other declared ones out of the row. Default: all. */
  readonly only?: readonly Only[];
  /** Gives each field as its mask shows it. */
  readonly mask?: Mask;
}

/** Encrypts and decrypts the declared fields of rows of one tenant. Rows are borrowed and never changed: results are new. */
export interface TenantFields<F extends Fields, Id, Version> {
  /**
   * Encrypts the declared fields of a row, to text that begins with `cmk1.`, and adds the index columns. `null` and
   * `undefined` stay, other columns are kept as they are.
   *
   * @throws {TypeError | RangeError} for a value that is not of its declared type; names field and row, never the value.
   * @throws {KmsError} as `envelope().seal` does.
   */
  encrypt<R extends EncryptableRow<F, Id, Version>>(
    row: R & NoEnumerations<R, F>,
    options?: CallOptions & { readonly ifEncrypted?: undefined },
  ): Promise<EncryptedRow<R, F>>;
  encrypt<R extends MigratedRow<F, Id, Version>>(row: R, options: EncryptOptions): Promise<EncryptedRow<R, F>>;

  /** Encrypts all rows, or rejects with the first error. `timeoutMs` is for all of them. */
  encryptMany<R extends EncryptableRow<F, Id, Version>>(
    rows: readonly (R & NoEnumerations<R, F>)[],
    options?: CallOptions & { readonly ifEncrypted?: undefined },
  ): Promise<EncryptedRow<R, F>[]>;
  encryptMany<R extends MigratedRow<F, Id, Version>>(rows: readonly R[], options: EncryptOptions): Promise<EncryptedRow<R, F>[]>;

  /** Encrypts each row by itself: a result or its error, in the order of the rows. */
  encryptAllSettled<R extends EncryptableRow<F, Id, Version>>(
    rows: readonly (R & NoEnumerations<R, F>)[],
    options?: CallOptions & { readonly ifEncrypted?: undefined },
  ): Promise<PromiseSettledResult<EncryptedRow<R, F>>[]>;
  encryptAllSettled<R extends MigratedRow<F, Id, Version>>(
    rows: readonly R[],
    options: EncryptOptions,
  ): Promise<PromiseSettledResult<EncryptedRow<R, F>>[]>;

  /**
   * Decrypts the declared fields of a row and leaves the index columns out.
   *
   * @throws {KmsError} with the field's name in `field`. `not-encrypted`, `malformed`: what stands there is no ciphertext.
   * `decrypt-failed`: it is another field's, row's or context's, or was changed. `unknown-data-key`: it is another tenant's, or
   * the store lost its data key. Others as `envelope().open` does.
   */
  decrypt<
    R extends DecryptableRow<F, Id, Version>,
    Only extends keyof F & string = keyof F & string,
    Mask extends boolean = false,
  >(
    row: R,
    options?: DecryptOptions<Only, Mask>,
  ): Promise<ReadRow<R, F, Only, Mask>>;

  /** Decrypts all rows, or rejects with the first error. `timeoutMs` is for all of them. */
  decryptMany<
    R extends DecryptableRow<F, Id, Version>,
    Only extends keyof F & string = keyof F & string,
    Mask extends boolean = false,
  >(
    rows: readonly R[],
    options?: DecryptOptions<Only, Mask>,
  ): Promise<ReadRow<R, F, Only, Mask>[]>;

  /** Decrypts each row by itself: a result or its error, in the order of the rows. */
  decryptAllSettled<
    R extends DecryptableRow<F, Id, Version>,
    Only extends keyof F & string = keyof F & string,
    Mask extends boolean = false,
  >(
    rows: readonly R[],
    options?: DecryptOptions<Only, Mask>,
  ): Promise<PromiseSettledResult<ReadRow<R, F, Only, Mask>>[]>;

  /**
   * The blind index of a value: what stands in the index column of rows with an equal one. A match is a candidate: decrypt
   * it and compare.
   *
   * @returns 22 characters of base64url.
   */
  index<P extends IndexedNames<F>>(field: P, value: ValueOf<F[P]>, options?: CallOptions): Promise<string>;
}

/** Field encryption of one table. */
export interface FieldEncryption<F extends Fields, Id, Version> {
  /**
   * For the rows of one tenant. Cheap: make one a request.
   *
   * @param options `context`: entries beside the tenant, as {@link Context} has them; decrypting needs the same ones.
   */
  for(tenant: string, options?: { readonly context?: Readonly<Record<string, string>> }): TenantFields<F, Id, Version>;
}

/**
 * Encrypts the declared fields of a table's rows. Each value is bound to its tenant, context, table, field and row: at any
 * other place it does not open.
 *
 * @throws {TypeError | RangeError} for a declaration that cannot be. @throws {KmsError} `unsupported`: an index without a data-key store.
 * @see docs/fields.md, docs/search.md
 */
export function fieldEncryption<const F extends Fields, const Id extends string | null, const Version extends string = never>(
  options: FieldEncryptionOptions<F, Id, Version>,
): FieldEncryption<F, Id, Version> {
  const engine = engineOf(options.envelope);
  const schema = fieldSchema(options);
  if (schema.indexColumns.size > 0 && engine.settings.dataKeys === undefined)
    throw new KmsError("unsupported", { detail: "a blind index needs a data-key store" });
  return {
    for: (tenant, { context } = {}) => {
      const cipher = new TenantFieldCipher(schema, engine, engine.bind(tenant, context));
      return cipher as unknown as TenantFields<F, Id, Version>; // its rows are typed by F, which is gone at run time
    },
  };
}
