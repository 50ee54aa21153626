import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { maxRowBytes, type RowBatch, rowBatches } from "../src/row-batches.ts";
import { csvRowEnds, lineEnds, type RowEnds } from "../src/row-ends.ts";
import { piped } from "./command.ts";

async function batchesOf(chunks: readonly (Uint8Array | string)[], ends: RowEnds, after: "end" | "next-line") {
  const batches: RowBatch[] = [];
  for await (const batch of rowBatches(piped(...chunks), ends, after)) {
    batches.push(batch === "too-long" ? batch : new Uint8Array(batch));
  }
  return batches;
}

function textOf(batches: readonly RowBatch[]): string {
  return batches.map((batch) => (batch === "too-long" ? "<too long>" : Buffer.from(batch).toString())).join("|");
}

/** A reading of RFC 4180 one character at a time, to compare with. */
function slowCsvRowEnds(text: string): number[] {
  const ends: number[] = [];
  let quoted = false;
  let atStart = true;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted) {
      if (char === '"' && text[i + 1] === '"') i += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"' && atStart) quoted = true;
    else if (char === "\n") ends.push(i + 1);
    atStart = !quoted && (char === "\n" || char === ",");
  }
  return ends;
}

describe("where rows end", () => {
  it("is at line ends in JSON Lines, and in CSV at those outside quoted cells", () => {
    expect(lineEnds(Buffer.from('a\n"b\n"\n\nc'))).toEqual([2, 5, 7, 8]);
    expect(csvRowEnds(Buffer.from('a\n"b\n""\n",c\r\n,"",\nx"y\n"open\n'))).toEqual([2, 13, 18, 22]);
  });

  it("is the same as when every character is looked at, for any CSV", () => {
    const text = fc
      .array(fc.constantFrom('"', ",", "\n", "a", '""', ',"', '",'), { maxLength: 60 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (csv) => {
        expect(csvRowEnds(Buffer.from(csv))).toEqual(slowCsvRowEnds(csv));
      }),
    );
  });
});

describe("batches of rows", () => {
  it("hold whole rows and, together, every byte, wherever the stream is cut", async () => {
    const csv = '1,"a\nb"\n2,"c""\n"\n3,d';
    const whole = new Set(["", '1,"a\nb"\n', '1,"a\nb"\n2,"c""\n"\n', csv]);
    for (let cut = 0; cut <= csv.length; cut += 1) {
      const batches = await batchesOf([csv.slice(0, cut), csv.slice(cut)], csvRowEnds, "end");
      let read = "";
      for (const batch of batches) {
        read += textOf([batch]);
        expect(whole).toContain(read);
      }
      expect(read).toBe(csv);
    }
  });

  it("take a row of 16 MiB and no longer one, and go on with the next line where that is asked for", async () => {
    const longest = `${"x".repeat(maxRowBytes - 1)}\n`;
    const longer = `${"x".repeat(maxRowBytes)}\n`;
    const taken = await batchesOf([`a\n${longest}b\n`], lineEnds, "next-line");
    expect(textOf(taken).length).toBe(2 + maxRowBytes + 2 + taken.length - 1);
    expect(textOf(await batchesOf([`a\n${longer}b\nc`], lineEnds, "next-line"))).toMatch(/^a\n\|<too long>\|b\n\|?c$/);
    expect(textOf(await batchesOf([`a\n${longer}b\n`], lineEnds, "end"))).toBe("a\n|<too long>");
    expect(textOf(await batchesOf([`${longer.trim()}${longer.trim()}`], lineEnds, "next-line"))).toBe("<too long>");
    expect(textOf(await batchesOf([`${longer}${longer}b`], lineEnds, "next-line"))).toBe("<too long>|<too long>|b");
  });

  it("stop the source when nobody wants more", async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from("a\n");
      } finally {
        ended = true;
      }
    }
    for await (const batch of rowBatches(source(), lineEnds, "end")) {
      expect(textOf([batch])).toBe("a\n");
      break;
    }
    expect(ended).toBe(true);
  });
});
