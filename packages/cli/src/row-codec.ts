/** A row of a file, taken apart: what is sealed or opened, and what its value is bound to. */
export interface Row {
  /** Its number within the batch, from 0. Bad rows count. */
  readonly index: number;
  /** null where values are not bound to rows. */
  readonly id: string | number | bigint | null;
  /** In the order of the declared fields; undefined where the row has none. */
  readonly values: readonly unknown[];
}

/** A row that cannot be taken. */
export interface BadRow {
  readonly index: number;
  /** Names fields and what was expected; never what the row holds. */
  readonly reason: string;
}

/** Whole rows, read. */
export interface ReadBatch {
  readonly rows: readonly Row[];
  readonly bad: readonly BadRow[];
  /** Good and bad ones. */
  readonly rowCount: number;
  readonly lineCount: number;
  /** The line on which a row begins, from 0. */
  lineOf(index: number): number;
  /** The rows as they were, with `values` in the place of what was read. */
  write(rows: readonly { readonly row: Row; readonly values: readonly unknown[] }[]): string;
}

/** Takes whole rows apart and puts them together again, in one format. */
export interface RowCodec {
  /** @param bytes Whole rows. Borrowed. */
  read(bytes: Uint8Array): ReadBatch;
}

/** Why a row cannot be taken, thrown while it is read. */
export class RowError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "RowError";
  }
}

export const notUtf8 = "not valid UTF-8";
