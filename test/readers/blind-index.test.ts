import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPython, runPython, workspace } from "./python.ts";

interface Vector {
  name: string;
  fieldKey: string;
  index: string;
}

const reader = join(workspace, "docs/readers/blind_index.py");
const folder = join(workspace, "packages/core/test/vectors");

function vectors(): Vector[] {
  return JSON.parse(readFileSync(join(folder, "blind-index.json"), "utf8")) as Vector[];
}

test("the Python reader makes every blind index again", (ctx) => {
  const reason = missingPython("hashlib");
  if (reason !== undefined) ctx.skip(reason);
  expect(runPython([reader, folder])).toEqual({ status: 0, stdout: `${vectors().length} blind indexes\n`, stderr: "" });
});

test("the Python reader says so when an index or a field key comes out otherwise", (ctx) => {
  const reason = missingPython("hashlib");
  if (reason !== undefined) ctx.skip(reason);
  const changed = mkdtempSync(join(tmpdir(), "cmkit-reader-"));
  try {
    const [first, second, third, ...others] = vectors() as [Vector, Vector, Vector, ...Vector[]];
    const swapped = [{ ...first, index: second.index }, second, { ...third, fieldKey: second.fieldKey }, ...others];
    writeFileSync(join(changed, "blind-index.json"), JSON.stringify(swapped));
    const { status, stderr } = runPython([reader, changed]);
    expect(status).toBe(1);
    expect(stderr).toBe(`not as it should be: ${first.name}\nnot as it should be: ${third.name}\n`);
  } finally {
    rmSync(changed, { recursive: true });
  }
});

test("the Python reader is short enough to be read, and uses nothing but Python's own library", () => {
  const source = readFileSync(reader, "utf8");
  expect(source.trimEnd().split("\n").length).toBeLessThan(60);
  expect(source.match(/^(?:import|from) .*$/gm)).toEqual(["import base64, hashlib, hmac, json, pathlib, sys"]);
});
