// What someone meets who installs the published packages: packs them, installs the tarballs in an empty directory next to
// the AWS SDK, does what README.md says, and keeps the transcript in docs/packed-install.md.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const directory = mkdtempSync(`${tmpdir()}/cmkit-packed-`);
const tarballs = `${directory}/packed`;
const project = `${directory}/project`;
const versions = JSON.parse(readFileSync(`${root}/packages/aws/package.json`, "utf8")).devDependencies;
const typescript = JSON.parse(readFileSync(`${root}/package.json`, "utf8")).devDependencies.typescript;
const oldestNode = `${JSON.parse(readFileSync(`${root}/packages/core/package.json`, "utf8")).engines.node.slice(">=".length)}.0`;
const transcript = [];
let checks = 0;

try {
  pack();
  mkdirSync(project);
  writeFileSync(`${project}/package.json`, '{ "type": "module", "private": true }\n');
  note("In an empty directory, with the packed packages standing in for the published ones:");
  const files = readdirSync(tarballs).map((name) => `${tarballs}/${name}`);
  shell("npm install @cmkit/core @cmkit/aws @cmkit/cli @aws-sdk/client-kms", [
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    ...files,
    `@aws-sdk/client-kms@${versions["@aws-sdk/client-kms"]}`,
  ]);
  expectOutput(shell("npx cmkit --version"), /^\d+\.\d+\.\d+$/m);
  const dev = await startDev();
  try {
    note("`seal-open.ts` is the code in README.md:");
    writeFileSync(`${project}/seal-open.ts`, readmeCode());
    expectOutput(shell("node seal-open.ts"), /opened: ada@example\.com/);
    note("The same on the oldest Node that is supported:");
    expectOutput(shell(`npx --yes node@${oldestNode} seal-open.ts`), /opened: ada@example\.com/);
    const sealed = shell("node seal-open.ts", undefined, false).match(/cmk1\.\S+/)?.[0];
    expectOutput(sealed ?? "", /^cmk1\./);
    note("A table's rows, as docs/fields.md begins; and a file, as README.md has it:");
    writeFileSync(`${project}/fields.ts`, firstCode("docs/fields.md"));
    expectOutput(shell("node fields.ts"), /city: 'London'[\s\S]*1815-12-10/);
    tryFiles();
    expectOutput(shell("npx cmkit doctor --dev cmkit.dev.json", undefined, true, [0]), /aws/i);
    note("What goes wrong, and what it says:");
    expectOutput(shell("npx cmkit inspect cmk1.AAAA", undefined, true, [1]), /malformed/);
    expectOutput(shell("npx cmkit inspekt", undefined, true, [2]), /inspect/);
    expectOutput(
      shell(`${fileCommand("open")} --tenant other ${inAndOut("customers.sealed.csv", "other.csv")}`, undefined, true, [1]),
      /row 1/,
    );
    expectOutput(
      shell(`${fileCommand("seal")} --tenant acme ${inAndOut("no-such.csv", "other.csv")}`, undefined, true, [1]),
      /no-such/,
    );
  } finally {
    dev.kill("SIGINT");
    await once(dev, "exit");
  }
  expectOutput(shell("node seal-open.ts", undefined, true, [1]), /cmkit dev/);
  note("The types that came with the packages are enough for TypeScript:");
  shell("npm install --save-dev typescript @types/node", [
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    "--save-dev",
    `typescript@${typescript}`,
    "@types/node@26",
  ]);
  shell("npx tsc --noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable --types node seal-open.ts");
  checks += 1;
  writeFileSync(`${root}/docs/packed-install.md`, page());
  process.stdout.write(`\n${checks} passed, 0 failed\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function pack() {
  const build = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
  if (build.status !== 0) throw new Error("the build failed");
  mkdirSync(tarballs);
  for (const name of readdirSync(`${root}/packages`)) {
    const args = ["--yes", "pnpm@12.21.0", "pack", "--pack-destination", tarballs];
    const packed = spawnSync("npx", args, {
      cwd: `${root}/packages/${name}`,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (packed.status !== 0) throw new Error(`packing ${name} failed: ${packed.stdout}${packed.stderr}`);
  }
}

/** Seals a file with the quotes, empty cells and line breaks that CSV can have, opens it, and compares. */
function tryFiles() {
  const csv =
    'id,plan,email,phone\n1,paid,ada@example.com,+44 20 7946 0123\n2,free,"grace ""amazing"" @example.com",\n3,free,,""\n';
  writeFileSync(`${project}/customers.csv`, csv);
  const seal = shell(`${fileCommand("seal")} --tenant acme ${inAndOut("customers.csv", "customers.sealed.csv")}`);
  expectOutput(seal, /sealed 3 rows/);
  const sealed = readFileSync(`${project}/customers.sealed.csv`, "utf8");
  block("cat customers.sealed.csv", sealed, 0);
  if (sealed.includes("example.com")) throw new Error("the sealed file has an e-mail address in clear");
  shell(`${fileCommand("open")} --tenant acme ${inAndOut("customers.sealed.csv", "customers.opened.csv")}`);
  if (readFileSync(`${project}/customers.opened.csv`, "utf8") !== csv)
    throw new Error("the opened file is not the one that was sealed");
  checks += 1;
}

function fileCommand(name) {
  return `npx cmkit ${name} --dev cmkit.dev.json --fields email,phone --row-id id --table customers`;
}

function inAndOut(input, output) {
  return `--in ${input} --out ${output}`;
}

function firstCode(page) {
  const [, code] = /```ts\n([\s\S]*?)```\n/.exec(readFileSync(`${root}/${page}`, "utf8")) ?? [];
  if (code === undefined) throw new Error(`${page} has no code`);
  return code;
}

function readmeCode() {
  const [, code] =
    /<!-- code: examples\/seal-open\.ts -->\n```ts\n([\s\S]*?)```\n/.exec(readFileSync(`${root}/README.md`, "utf8")) ?? [];
  if (code === undefined) throw new Error("README.md has no code of examples/seal-open.ts");
  return code;
}

/** Runs a command in the project as a user would, and notes what it printed. */
function shell(shown, command = shown.split(" "), noted = true, statuses = [0]) {
  const [program, ...args] = command;
  const run = spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    env: userEnvironment(),
    shell: process.platform === "win32",
  });
  const output = `${run.stdout}${run.stderr}`;
  if (!statuses.includes(run.status)) throw new Error(`${shown} exited ${run.status}:\n${output}`);
  if (noted) block(shown, output, run.status);
  return output;
}

/** The workspace's Node, and nothing else of the workspace. */
function userEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|AWS_)/i.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

async function startDev() {
  // Not through npx, which does not pass the signal on that ends it.
  const child = spawn(`${project}/node_modules/.bin/cmkit`, ["dev"], {
    cwd: project,
    env: userEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  const lines = [];
  const reader = createInterface({ input: child.stdout });
  for await (const line of reader) {
    lines.push(line);
    if (line.startsWith("Next")) break;
  }
  block("npx cmkit dev &", lines.join("\n"), 0);
  return child;
}

function expectOutput(output, pattern) {
  if (!pattern.test(output)) throw new Error(`expected ${pattern} in:\n${output}`);
  checks += 1;
}

function note(line) {
  transcript.push(line, "");
}

function block(command, output, status) {
  const shown = scrub(output).trimEnd();
  process.stdout.write(`$ ${command}\n${shown}\n`);
  transcript.push(
    "```console",
    `$ ${command}`,
    ...(shown === "" ? [] : [shown]),
    ...(status === 0 ? [] : [`(exit ${status})`]),
    "```",
    "",
  );
}

/** What differs from run to run, or names this machine, becomes a placeholder. */
function scrub(output) {
  return output
    .replaceAll(project, "PROJECT")
    .replaceAll(directory, "TMP")
    .replace(/^npm warn.*\n/gm, "")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
    .replace(/in \d+(\.\d+)? ?m?s\b/g, "in TIME")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID")
    .replace(/cmk1\.[A-Za-z0-9_-]{12,}/g, "cmk1.CIPHERTEXT")
    .replace(/pid \d+/g, "pid PID");
}

function page() {
  return (
    [
      "# Installing the packed packages",
      "",
      "Written by `npm run test:packed`; what differs from run to run is replaced by words in capitals.",
      "",
      ...transcript,
    ]
      .join("\n")
      .trimEnd() + "\n"
  );
}
