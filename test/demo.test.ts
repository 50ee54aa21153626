import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { checkDemoReport } from "./demo-report.ts";

const run = promisify(execFile);
const demo = fileURLToPath(new URL("../examples/demo/demo.ts", import.meta.url));

it("the demo seals, reads back and compares every field under four keys, and stops within the TTL when they are disabled", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", demo, "--json"]);
  checkDemoReport(stdout);
}, 60_000);

it("the demo for people ends with 0 lost", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", demo]);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("0 lost");
  for (const kind of ["aws RSA-2048", "aws RSA-4096", "aws symmetric", "local AES-256"]) expect(stdout).toContain(kind);
}, 60_000);
