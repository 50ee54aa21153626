// Installs what the workspace needs, once, with npm alone. Plain JavaScript: it runs on whatever Node (18 or later) the machine has.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pnpm = "pnpm@12.21.0";
const marker = `${root}/node_modules/.modules.yaml`;
const lock = `${root}/pnpm-lock.yaml`;

const [major] = process.versions.node.split(".").map(Number);
if (major < 18) fail(`Node 18 or later is needed to set up; this is ${process.version}.`);
if (!existsSync(marker) || statSync(marker).mtimeMs < statSync(lock).mtimeMs) install();

function install() {
  process.stderr.write("Installing the workspace (once)...\n");
  // Everything goes to stderr: stdout belongs to the script that follows, which may print JSON.
  const run = spawnSync("npx", ["--yes", pnpm, "install", "--frozen-lockfile"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (run.error || run.status !== 0) fail(reason(run));
}

function reason(run) {
  if (run.error) return `npx was not found: install npm (${run.error.message}).`;
  try {
    execFileSync("npm", ["ping"], { stdio: "ignore", timeout: 10_000 });
    return "the install failed for the reason printed above; mend it and run the command again.";
  } catch {
    return "the npm registry cannot be reached: check the network or `npm config get registry`, then run the command again.";
  }
}

function fail(why) {
  process.stderr.write(`cmkit set-up: ${why}\n`);
  process.exit(1);
}
