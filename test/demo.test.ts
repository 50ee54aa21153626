import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { demoKeyNames } from "./demo-report.ts";

const run = promisify(execFile);
const demo = fileURLToPath(new URL("../examples/demo/demo.ts", import.meta.url));

// Its report for programs is checked in fresh-clone.test.ts.
it("the demo for people ends with 0 lost", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", demo]);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("0 lost");
  for (const name of demoKeyNames) expect(stdout).toMatch(new RegExp(`${name} +│ 1200 +│ 10800 +│ \\d+ +│ yes`));
  expect(stdout).toMatch(/email +│ swietoslawa.sliwon@shop.exa… │ cmk1\.\S+… +│ s•••@shop.example.org/);
  expect(stdout).toMatch(/birth_date +│ 1982-03-07 +│ cmk1\.\S+… +│ 1982/);
  expect(stdout).toMatch(/notes +│ .* │ (cmk1\.|null)/);
}, 240_000);
