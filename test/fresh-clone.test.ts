import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { checkDemoReport, checkDemoText } from "./demo-report.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment of someone who has just opened a terminal: none of npm's variables, none of this workspace's binaries. */
function freshEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|INIT_CWD)/i.test(name));
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function reason(): Promise<string | undefined> {
  const git = await run("git", ["rev-parse", "HEAD"], { cwd: root }).then(
    () => true,
    () => false,
  );
  if (!git) return "this is not a git checkout";
  if (process.env["CI"] !== undefined) return undefined;
  const npm = await run("npm", ["ping"], { timeout: 15_000 }).then(
    () => true,
    () => false,
  );
  return npm ? undefined : "the npm registry cannot be reached from here";
}

it("a fresh clone runs the demo with one command, printing nothing but JSON on stdout", async (context) => {
  const why = await reason();
  if (why !== undefined) context.skip(why);
  const clone = await mkdtemp(`${tmpdir()}/cmkit-clone-`);
  try {
    await run("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, clone]);
    const options = { cwd: clone, env: freshEnvironment(), shell: process.platform === "win32" };
    const { stdout, stderr } = await run("npm", ["run", "-s", "demo", "--", "--json"], options);
    checkDemoReport(stdout);
    checkDemoText(stderr);
    const { stdout: clean } = await run("git", ["status", "--porcelain"], { cwd: clone });
    expect(clean).toBe("");
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}, 240_000);
