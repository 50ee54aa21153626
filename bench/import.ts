import { spawnSync } from "node:child_process";
import { median, round3, type Row } from "./measure.ts";

const rounds = 21;

/** Starting Node and importing the built package, against starting Node alone: the difference is what the import costs. */
export async function importGroup(): Promise<Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const core = JSON.stringify(new URL("../packages/core/dist/index.js", import.meta.url).href);
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(milliseconds("0"));
    ours.push(milliseconds(`await import(${core})`));
  }
  const [cmkit, peer] = [median(ours), median(theirs)];
  return [
    {
      group: "import",
      name: "@cmkit/core",
      unit: "ms",
      cmkit: round3(cmkit),
      peer: round3(peer),
      ratio: round3(cmkit / peer),
      rounds,
    },
  ];
}

function milliseconds(script: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(`run "npm run build" first: ${stderr}`);
  return performance.now() - started;
}
