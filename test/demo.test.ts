import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { it } from "vitest";
import { checkDemoText } from "./demo-report.ts";

const run = promisify(execFile);
const demo = fileURLToPath(new URL("../examples/demo/demo.ts", import.meta.url));

// Its report for programs is checked in fresh-clone.test.ts.
it("the demo for people ends with 0 lost", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", demo]);
  checkDemoText(stdout);
}, 240_000);
