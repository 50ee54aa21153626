// What must hold before the tests run: formatting, linting with types, types, and packages that npm users can import.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = readdirSync(`${root}/packages`);

/** @type {[string, string, string[]][]} */
const steps = [
  ["format", "oxfmt", ["--check", "."]],
  ["build", "node", ["scripts/build.mjs"]],
  ["types", "tsc", ["-p", "tsconfig.check.json"]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings", "."]],
  ...packages.flatMap((name) => [
    [`publint ${name}`, "publint", ["--strict", "--pack", "npm", `packages/${name}`]],
    [`attw ${name}`, "attw", ["--quiet", "--profile", "esm-only", "--pack", `packages/${name}`]],
  ]),
];

for (const [name, command, args] of steps) {
  const started = performance.now();
  const run = spawnSync(`${root}/node_modules/.bin/${command}`, args, {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (run.status !== 0) {
    process.stdout.write(`${run.stdout}${run.stderr}\ngate: ${name} failed\n`);
    process.exit(1);
  }
  process.stdout.write(`gate: ${name} passed (${seconds} s)\n`);
}
