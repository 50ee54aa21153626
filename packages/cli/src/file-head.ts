import { CliError } from "./cli-error.ts";

/** What the first bytes of a file say. */
export interface FileHead {
  readonly format: "csv" | "json-lines";
  readonly bom: boolean;
  readonly lineEnd: "\n" | "\r\n";
  /** Lines before the first row, all blank. */
  readonly blankLines: number;
  /** From the first row on. */
  readonly rest: AsyncIterable<Uint8Array>;
}

const headBytes = 64 * 1024;
const blank: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, 0x0a]);
const byteOrderMark = Buffer.from("\ufeff");
const newline = 0x0a;

/**
 * Tells the format by the content: what begins with `{` is JSON Lines, all else is CSV.
 *
 * @param name As the file is called in messages.
 * @throws {CliError} `refused`: there is nothing in it, or it is in UTF-16.
 */
export async function fileHead(source: AsyncIterable<Uint8Array>, name: string): Promise<FileHead> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let first = -1;
  while (first === -1 || head.indexOf(newline, first) === -1) {
    if (head.length >= headBytes) break;
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
    first = firstNotBlank(head);
  }
  if (first === -1) throw new CliError("refused", `${name} is empty.`, "Give CSV with a header, or JSON Lines.");
  if (isUtf16(head))
    throw new CliError("refused", `${name} is in UTF-16; expected UTF-8.`, "Convert it: iconv -f UTF-16 -t UTF-8 makes it so.");
  const bom = hasByteOrderMark(head);
  const format = head[first] === 0x7b ? "json-lines" : "csv";
  // Blanks before the first cell belong to it.
  const start = Math.max(bom ? byteOrderMark.length : 0, head.lastIndexOf(newline, first) + 1);
  const blankLines = head.subarray(0, start).filter((byte) => byte === newline).length;
  const rest = { [Symbol.asyncIterator]: () => resumed(head.subarray(start), chunks) };
  return { format, bom, lineEnd: lineEndOf(head.subarray(start)), blankLines, rest };
}

function hasByteOrderMark(head: Uint8Array): boolean {
  return byteOrderMark.every((byte, index) => head[index] === byte);
}

/** With a byte order mark, or as a Latin character and a zero byte in either order. No text in UTF-8 begins so. */
function isUtf16([first, second]: Uint8Array): boolean {
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return marked || (first === 0 && second !== 0) || (first !== 0 && second === 0);
}

function firstNotBlank(head: Uint8Array): number {
  const from = hasByteOrderMark(head) ? byteOrderMark.length : 0;
  const found = head.subarray(from).findIndex((byte) => !blank.has(byte));
  return found === -1 ? -1 : from + found;
}

/** The first line end outside quotes says it for the file. */
function lineEndOf(head: Uint8Array): "\n" | "\r\n" {
  let quoted = false;
  for (const [index, byte] of head.entries()) {
    if (byte === 0x22) quoted = !quoted;
    else if (byte === newline && !quoted) return head[index - 1] === 0x0d ? "\r\n" : "\n";
  }
  return "\n";
}

async function* resumed(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
