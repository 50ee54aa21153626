import { CliError } from "./cli-error.ts";
import { cellsOfRow } from "./csv-rows.ts";
import { RowError } from "./row-codec.ts";
import { printable } from "./printable.ts";

const shownColumns = 50;
const arrayHint = "It begins as a JSON array does; give JSON Lines, one object a line: jq -c '.[]' makes them.";

/**
 * The columns of a CSV file, once it is certain that it has those that are asked for.
 *
 * @param name As the file is called in messages.
 * @throws {CliError} `refused`: one is missing or occurs twice, or this is no header.
 */
export function csvHeader(bytes: Uint8Array, name: string, needed: readonly string[]): readonly string[] {
  const header = cells(bytes, name).map((cell) => cell ?? "");
  const columns = new Set<string>();
  const twice = header.find((column) => columns.size === columns.add(column).size);
  if (twice !== undefined) {
    throw new CliError(
      "refused",
      `${name}: the column ${shown(twice)} occurs twice in the header.`,
      "Give each column a name of its own.",
    );
  }
  const missing = needed.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    const what = `${name} has no column ${missing.map(shown).join(" and no column ")}.`;
    throw new CliError("refused", what, hint(header));
  }
  return header;
}

function cells(bytes: Uint8Array, name: string): readonly (string | null)[] {
  try {
    return cellsOfRow(bytes);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const next = bytes[0] === 0x5b ? arrayHint : "Give CSV in UTF-8 with a header, or JSON Lines.";
    throw new CliError("refused", `${name}: the header is ${broken(error)}.`, next);
  }
}

function broken({ message }: RowError): string {
  return message.startsWith("not ") ? message : `not CSV: ${message}`;
}

function hint(header: readonly string[]): string {
  const [only = ""] = header;
  if (only.startsWith("[")) return arrayHint;
  if (header.length === 1 && only.includes(";"))
    return "Its header has one column, with semicolons in it: separate the cells with commas.";
  if (header.length === 1 && only.includes("\t"))
    return "Its header has one column, with tabs in it: separate the cells with commas.";
  const further = header.length > shownColumns ? `, and ${header.length - shownColumns} more` : "";
  return `Its columns are ${header.slice(0, shownColumns).map(shown).join(", ")}${further}.`;
}

/** A name of a column: a stranger's text. */
function shown(column: string): string {
  const text = column.length > 60 ? `${column.slice(0, 60)}…` : column;
  return text === "" || /[\s,]/.test(text) ? JSON.stringify(printable(text)) : printable(text);
}
