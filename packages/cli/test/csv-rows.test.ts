import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CliError } from "../src/cli-error.ts";
import { csvHeader } from "../src/csv-header.ts";
import { type Cell, csvRows, rowsToCsv } from "../src/csv-rows.ts";

const columns = ["id", "email", "note"] as const;
const layout = { header: columns, lineEnd: "\n", rowId: "id", fields: ["email"], dropped: [] } as const;

function read(csv: string | Uint8Array, change: Partial<Parameters<typeof csvRows>[0]> = {}) {
  return csvRows({ ...layout, ...change }).read(typeof csv === "string" ? Buffer.from(csv) : csv);
}

/** What is written when every value stays as it was read. */
function rewritten(csv: string, change: Partial<Parameters<typeof csvRows>[0]> = {}): string {
  const batch = read(csv, change);
  return batch.write(batch.rows.map((row) => ({ row, values: row.values })));
}

describe("rows of CSV", () => {
  it("have null for an empty cell, and an empty text only where it is quoted", () => {
    const batch = read('1,,x\n2,"",\n3,"a ""b"", c\nd",""\n"4",  e ,\r\n');
    expect(batch.rows.map(({ id, values }) => [id, ...values])).toEqual([
      ["1", null],
      ["2", ""],
      ["3", 'a "b", c\nd'],
      ["4", "  e "],
    ]);
    expect(batch.bad).toEqual([]);
  });

  it("are written with the same values, line ends and difference between nothing and an empty text", () => {
    expect(rewritten('1,,x\n2,"",\n3,"a ""b"", c\nd",""\n')).toBe('1,,x\n2,"",\n3,"a ""b"", c\nd",""\n');
    expect(rewritten('1,"x\r\ny",z\r\n2,"c\rd",\r\n', { lineEnd: "\r\n" })).toBe('1,"x\r\ny",z\r\n2,"c\rd",\r\n');
    expect(rewritten("1,a,b\r\n2,c,d\n3,e,f")).toBe("1,a,b\n2,c,d\n3,e,f\n");
  });

  it("come back as they were for any cells", () => {
    const cell: fc.Arbitrary<Cell> = fc.option(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.constantFrom('"', ",", "\n", "\r", "\r\n", " ", "é"), { maxLength: 6 }).map((parts) => parts.join("")),
      ),
    );
    const rows = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,5}$/), cell, cell), { maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.constantFrom("\n" as const, "\r\n" as const), (cells, lineEnd) => {
        const csv = rowsToCsv(cells, { lineEnd });
        const batch = read(csv, { fields: ["email", "note"], lineEnd });
        expect(batch.bad).toEqual([]);
        expect(batch.rows.map(({ id, values }) => [id, ...values])).toEqual(cells);
        expect(batch.write(batch.rows.map((row) => ({ row, values: row.values })))).toBe(csv);
      }),
    );
  });

  it("are bad one by one, each with its number and line, and leave the others alone", () => {
    const batch = read('1,a\n2,b,c\n3,"multi\nline",c\n4,5" pipe,c\n,none,c\n6,"x"y,c\n\n7,h,i\n8,"open,\n9,x,y\n');
    expect(batch.rows.map(({ id }) => id)).toEqual(["2", "3", "7"]);
    expect(batch.bad.map(({ index, reason }) => [index + 1, batch.lineOf(index) + 1, reason])).toEqual([
      [1, 1, "expected 3 cells, as the header has, got 2"],
      [4, 5, "a quote is out of place or not closed"],
      [5, 6, "id: expected a row id, got none"],
      [6, 7, "a quote is out of place or not closed"],
      [8, 10, "a quote is out of place or not closed"],
    ]);
    expect(batch.rowCount).toBe(8);
    expect(batch.lineCount).toBe(11);
  });

  it("are bad where they are not UTF-8, wherever that is, and never become something else", () => {
    const latin1 = Buffer.from("1,a,M\xfcller\n2,b,ok\n3,c,\ufffd\n".replaceAll("\ufffd", ""), "latin1");
    const batch = read(latin1);
    expect(batch.bad).toEqual([{ index: 0, reason: "not valid UTF-8" }]);
    expect(batch.rows.map(({ id }) => id)).toEqual(["2", "3"]);
    expect(read("1,\ufffd,\n").rows[0]?.values).toEqual(["\ufffd"]);
  });

  it("are written without the columns that are dropped", () => {
    expect(rewritten("1,a,b\n2,,d\n", { fields: ["note"], dropped: ["email"] })).toBe("1,b\n2,d\n");
  });

  it("may be a single column, in which a blank line is an empty cell", () => {
    expect(rewritten("a\n\nb\n", { header: ["email"], rowId: null })).toBe("a\n\nb\n");
  });
});

describe("a header of CSV", () => {
  const refused = (csv: string, needed: readonly string[] = ["email"]): string => {
    try {
      csvHeader(Buffer.from(csv), "in.csv", needed);
    } catch (error) {
      expect(error).toBeInstanceOf(CliError);
      return (error as CliError).message;
    }
    throw new Error("expected a refusal");
  };

  it("gives the columns, quoted or not", () => {
    expect(csvHeader(Buffer.from('id,"e-mail, work",address.street\r\n'), "in.csv", ["id"])).toEqual([
      "id",
      "e-mail, work",
      "address.street",
    ]);
  });

  it("must have what is asked for, once, and says what it has", () => {
    expect(refused("id,mail,phone\n", ["email", "fax", "id"])).toBe(
      "in.csv has no column email and no column fax.\nIts columns are id, mail, phone.",
    );
    expect(refused("id,email,email\n")).toMatch(/^in\.csv: the column email occurs twice in the header\.\n/);
  });

  it.each([
    ["id;email\n", "semicolons"],
    ["id\temail\n", "tabs"],
    ['[{"id":1}]\n', "JSON array"],
  ])("of another kind is told apart: %j", (csv, hint) => {
    expect(refused(csv)).toContain(hint);
  });

  it("that is no text, or no CSV, is said to be so", () => {
    expect(() => csvHeader(Buffer.from("\xff\xfei\0d\0", "latin1"), "in.csv", ["id"])).toThrow(
      /^in\.csv: the header is not valid UTF-8\./,
    );
    expect(refused('id,"email\n')).toMatch(/^in\.csv: the header is not CSV: a quote is out of place or not closed\./);
  });

  it("may have any number of columns, in time that grows no faster", () => {
    const columns = Array.from({ length: 300_000 }, (_, index) => `c${index}`);
    expect(csvHeader(Buffer.from(`${columns.join()}\n`), "in.csv", ["c299999"])).toHaveLength(300_000);
  });

  it("shows what a stranger put into a name without letting the terminal obey it", () => {
    expect(refused("id,\u001b[31mred\n")).toContain("\\u{001b}[31mred");
  });
});
