import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPython, runPython, workspace } from "./python.ts";

const reader = join(workspace, "docs/readers/read_envelope.py");
const vectors = join(workspace, "packages/core/test/vectors");

function count(name: string): number {
  return (JSON.parse(readFileSync(`${vectors}/${name}`, "utf8")) as unknown[]).length;
}

test("the Python reader opens every vector and refuses every refusal", (ctx) => {
  const reason = missingPython("cryptography");
  if (reason !== undefined) ctx.skip(reason);
  const { status, stdout, stderr } = runPython([reader, vectors]);
  const opened = count("opens.json") + count("opens-large.json");
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: `${opened} opened, ${count("refusals.json")} refused\n`,
    stderr: "",
  });
});

test("the Python reader says so when a vector comes out otherwise", (ctx) => {
  const reason = missingPython("cryptography");
  if (reason !== undefined) ctx.skip(reason);
  const folder = mkdtempSync(join(tmpdir(), "cmkit-reader-"));
  try {
    cpSync(vectors, folder, { recursive: true });
    const opens = JSON.parse(readFileSync(join(folder, "opens.json"), "utf8")) as { plaintext: string }[];
    const changed = opens.map((vector, i) => (i === 1 ? { ...vector, plaintext: "00" } : vector));
    writeFileSync(join(folder, "opens.json"), JSON.stringify(changed));
    const { status, stderr } = runPython([reader, folder]);
    expect(status).toBe(1);
    expect(stderr).toContain("not as it should be: portable, 0 bytes");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the Python reader is short enough to be read, and uses one package", () => {
  const source = readFileSync(reader, "utf8");
  expect(source.trimEnd().split("\n").length).toBeLessThan(150);
  const imported = [...source.matchAll(/^from (\w+)/gm)].map(([, name]) => name);
  expect(new Set(imported)).toEqual(new Set(["cryptography"]));
});
