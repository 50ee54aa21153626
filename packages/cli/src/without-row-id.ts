/** Rows are named by their number here: an id may be personal, too. */
export function withoutRowId(message: string): string {
  return message.replace(/ of row "(?:[^"\\]|\\.)*"/, "");
}
