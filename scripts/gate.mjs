// What must hold before the tests run: formatting, linting with types, types, and packages that npm users can import.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = readdirSync(`${root}/packages`);

// The rest needs what the first two have made or found right, and not each other.
for (const step of [
  ["format", "oxfmt", ["--check", "."]],
  ["build", "node", ["scripts/build.mjs"]],
]) {
  await run(step);
}
const steps = [
  ["lint", "oxlint", ["--type-aware", "--deny-warnings", "."]],
  ["types", "tsc", ["-p", "tsconfig.check.json"]],
  ...packages.flatMap((name) => [
    [`attw ${name}`, "attw", ["--quiet", "--profile", "esm-only", "--pack", `packages/${name}`]],
    [`publint ${name}`, "publint", ["--strict", "--pack", "npm", `packages/${name}`]],
  ]),
];
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));

async function work() {
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) await run(step);
}

async function run([name, command, args]) {
  const started = performance.now();
  const child = spawn(`${root}/node_modules/.bin/${command}`, args, { cwd: root, shell: process.platform === "win32" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const status = await new Promise((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(1);
    });
    child.once("close", resolve);
  });
  if (status !== 0) {
    process.stdout.write(`${output}\ngate: ${name} failed\n`);
    process.exit(1);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`gate: ${name} passed (${seconds} s)\n`);
}
