import type { RowEnds } from "./row-ends.ts";

/** The longest row that is taken. */
export const maxRowBytes: number = 16 * 1024 * 1024;
// About as long as a batch is. What is made for a short batch is garbage before the collector looks: batches of 256 KiB
// take 90 MiB more memory and are no faster.
const chunkBytes = 16 * 1024;

const newline = 0x0a;

/** Whole rows; or, in the place of a row that is too long, its being so. */
export type RowBatch = Uint8Array | "too-long";

/**
 * Cuts a stream into batches of whole rows. It holds one row that is not whole yet, and never more than the longest.
 *
 * @param afterTooLong `end`: reading ends behind a row that is too long. `next-line`: the rest of its line is passed over unseen.
 * @returns Bytes that are the caller's until it asks for the next batch.
 */
export async function* rowBatches(
  source: AsyncIterable<Uint8Array>,
  rowEnds: RowEnds,
  afterTooLong: "end" | "next-line",
): AsyncGenerator<RowBatch, void, undefined> {
  let pending = new Pending();
  let passingOver = false;
  for await (const chunk of pieces(source)) {
    const rest = passingOver ? chunk.subarray(chunk.indexOf(newline) + 1) : chunk;
    if (passingOver && rest.length === chunk.length) continue;
    passingOver = false;
    if (!pending.add(rest)) continue;
    const bytes = pending.take();
    const ends = rowEnds(bytes);
    // No piece is longer than a row may be, so that none but the first row can be too long.
    const firstEnd = ends[0] ?? bytes.length;
    const tooLong = firstEnd > maxRowBytes;
    if (tooLong) yield "too-long";
    if (tooLong && afterTooLong === "end") return;
    passingOver = tooLong && ends.length === 0;
    const whole = bytes.subarray(tooLong ? firstEnd : 0, ends.at(-1) ?? 0);
    if (whole.length > 0) yield whole;
    pending = passingOver ? new Pending() : new Pending(new Uint8Array(bytes.subarray(ends.at(-1) ?? 0)));
  }
  const last = pending.take();
  if (last.length > 0) yield last;
}

/** A row that is not whole yet, in the pieces in which it came. */
class Pending {
  private readonly parts: Uint8Array[];
  private length: number;
  private readonly worthwhile: number;

  constructor(start: Uint8Array = new Uint8Array(0)) {
    this.parts = start.length === 0 ? [] : [start];
    this.length = start.length;
    this.worthwhile = start.length;
  }

  /** @returns Whether it is worth looking for row ends: it has doubled, or a long row would be searched again at every piece. */
  add(part: Uint8Array): boolean {
    this.parts.push(part);
    this.length += part.length;
    return this.length >= Math.min(2 * this.worthwhile, maxRowBytes + 1);
  }

  take(): Uint8Array {
    const [only] = this.parts;
    return this.parts.length === 1 && only !== undefined ? only : Buffer.concat(this.parts, this.length);
  }
}

async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += chunkBytes) yield chunk.subarray(at, at + chunkBytes);
  }
}
