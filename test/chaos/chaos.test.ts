import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const run = fileURLToPath(new URL("run.ts", import.meta.url));

it("loses no data key while rewraps are killed, cut off and refused", { timeout: 300_000 }, async () => {
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", run, "--short", "--seed", "25"]);
  const [printed, wrong] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(printed + wrong).toMatch(
    /\nchaos: 3 runs, seed 25, \d+ kills, \d+ faults, \d+ data keys rewrapped and \d+ made meanwhile, \d+ reads, \d+ data keys opened, 0 lost\n/,
  );
  expect(child.exitCode).toBe(0);
});
