const newline = 0x0a;
const quote = 0x22;
const comma = 0x2c;

/** Where each whole row ends, behind its line end. What follows the last one is not whole yet. */
export type RowEnds = (bytes: Uint8Array) => readonly number[];

/** Of JSON Lines, where a line end is nowhere but at the end. */
export function lineEnds(bytes: Uint8Array): readonly number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) ends.push(at + 1);
  return ends;
}

/**
 * Of CSV (RFC 4180 §2), where a quoted cell may hold line ends. A quote opens a cell only at its beginning: a stray one
 * spoils its own row and no other.
 */
export function csvRowEnds(bytes: Uint8Array): readonly number[] {
  const ends: number[] = [];
  const find = (byte: number, from: number): number => {
    const at = bytes.indexOf(byte, from);
    return at === -1 ? Infinity : at;
  };
  let [at, lineEnd, opening] = [0, find(newline, 0), find(quote, 0)];
  for (;;) {
    // Each is looked for again only once it is passed, or a file without quotes would be searched for one at every row.
    if (lineEnd < at) lineEnd = find(newline, at);
    if (opening < at) opening = find(quote, at);
    if (lineEnd === Infinity) return ends;
    if (lineEnd < opening) {
      ends.push(lineEnd + 1);
      at = lineEnd + 1;
    } else {
      const opens = opening === (ends.at(-1) ?? 0) || bytes[opening - 1] === comma;
      const closing = opens ? closingQuote(bytes, opening + 1) : opening;
      if (closing === -1) return ends;
      at = closing + 1;
    }
  }
}

/** Two quotes are one that belongs to the cell. */
function closingQuote(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(quote, from); at !== -1; at = bytes.indexOf(quote, at + 2)) {
    if (bytes[at + 1] !== quote) return at;
  }
  return -1;
}
