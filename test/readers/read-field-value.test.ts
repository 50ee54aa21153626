import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPython, runPython, workspace } from "./python.ts";

interface Vectors {
  values: { name: string; value: string; encoded: string }[];
  refused: { name: string; encoded: string }[];
}

const reader = join(workspace, "docs/readers/read_field_value.py");
const folder = join(workspace, "packages/core/test/vectors");

function vectors(): Vectors {
  return JSON.parse(readFileSync(join(folder, "field-values.json"), "utf8")) as Vectors;
}

/** What the reader says to stderr about vectors that were changed. */
function complaints(change: (vectors: Vectors) => void): string {
  const changed = vectors();
  change(changed);
  const folder = mkdtempSync(join(tmpdir(), "cmkit-reader-"));
  try {
    writeFileSync(join(folder, "field-values.json"), JSON.stringify(changed));
    const { status, stderr } = runPython([reader, folder]);
    expect(status).toBe(1);
    return stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a Python CBOR library decodes every field value, encodes it to the same bytes, and every refusal is refused", (ctx) => {
  const reason = missingPython("cbor2");
  if (reason !== undefined) ctx.skip(reason);
  const { status, stdout, stderr } = runPython([reader, folder]);
  const { values, refused } = vectors();
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: `${values.length} decoded, ${refused.length} refused\n`,
    stderr: "",
  });
});

test("the Python reader says so when a value comes out otherwise, or a refusal is a value", (ctx) => {
  const reason = missingPython("cbor2");
  if (reason !== undefined) ctx.skip(reason);
  const stderr = complaints(({ values, refused }) => {
    for (const vector of values) {
      if (vector.name === "true") vector.value = "false";
      if (vector.name === "float -0.0") vector.value = "0";
    }
    for (const vector of refused) if (vector.name === "text as a number") vector.encoded = "01";
  });
  expect(stderr.trimEnd().split("\n")).toEqual([
    "not as it should be: float -0.0",
    "not as it should be: true",
    "not as it should be: text as a number",
  ]);
});

test("the Python reader is short enough to be read, and uses one package", () => {
  const source = readFileSync(reader, "utf8");
  expect(source.trimEnd().split("\n").length).toBeLessThan(100);
  const imported = [...source.matchAll(/^(?:from|import) ([\w, ]+)/gm)].flatMap(([, names]) => names?.split(", "));
  expect(new Set(imported)).toEqual(new Set(["json", "math", "pathlib", "sys", "cbor2"]));
});
