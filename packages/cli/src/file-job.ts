import type { Provider } from "./cloud.ts";
import type { DevFile } from "./dev-file.ts";
import type { NamedFile } from "./named-file.ts";

/** What is done to a file, as plain data: worker threads are handed it. */
export interface FileJob {
  readonly operation: "seal" | "open";
  readonly provider: Provider;
  readonly resource: string;
  /** The running `cmkit dev` to use instead of the cloud. */
  readonly dev: DevFile | undefined;
  readonly recordKey: Uint8Array;
  readonly keysFile: NamedFile;
  readonly tenant: string;
  readonly table: string;
  /** null: values are not bound to rows. */
  readonly rowId: string | null;
  readonly fields: readonly string[];
  /** The fields that are left out of what is written. */
  readonly dropped: readonly string[];
  readonly layout: FileLayout;
}

/** How the file is written. */
export type FileLayout =
  | { readonly format: "csv"; readonly header: readonly string[]; readonly lineEnd: "\n" | "\r\n" }
  | { readonly format: "json-lines" };

/** The fields that are sealed or opened. */
export function workedFields({ fields, dropped }: Pick<FileJob, "fields" | "dropped">): readonly string[] {
  return fields.filter((field) => !dropped.includes(field));
}
