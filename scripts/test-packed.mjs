// What someone meets who installs the published packages: packs them, installs the tarballs in empty directories next to the
// vendors' SDKs, does what README.md says, and keeps the transcript in docs/packed-install.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { packedProject } from "./packed-project.mjs";
import { packedTranscript } from "./packed-transcript.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const directory = mkdtempSync(`${tmpdir()}/cmkit-packed-`);
const tarballs = `${directory}/packed`;
const { devDependencies } = manifest("packages/cli");
const typescript = manifest(".").devDependencies.typescript;
const oldestNode = `${manifest("packages/core").engines.node.slice(">=".length)}.0`;
const transcript = packedTranscript([
  [`${directory}/project`, "PROJECT"],
  [`${directory}/one-cloud`, "ONE-CLOUD"],
  [directory, "TMP"],
]);
const { note } = transcript;
const own = ["@cmkit/core", "@cmkit/registry", "@cmkit/cli"];
const sdks = ["@aws-sdk/client-kms", "@google-cloud/kms", "@azure/keyvault-keys", "oci-common"];
let checks = 0;

try {
  pack();
  const project = packedProject(`${directory}/project`, transcript);
  const { shell } = project;
  note("In an empty directory, with the packed packages standing in for the published ones, and all four clouds:");
  project.install([...own, "@cmkit/aws", "@cmkit/gcp", "@cmkit/azure", "@cmkit/oci", ...sdks], tarballOf, versionOf);
  expectOutput(shell("npx cmkit --version"), /^\d+\.\d+\.\d+$/m);
  const dev = await project.startDev();
  try {
    note("`seal-open.ts` is the code in README.md:");
    writeFileSync(`${project.directory}/seal-open.ts`, readmeCode());
    expectOutput(shell("node seal-open.ts"), /opened: ada@example\.com/);
    note("The same on the oldest Node that is supported:");
    expectOutput(shell(`npx --yes node@${oldestNode} seal-open.ts`), /opened: ada@example\.com/);
    note("A table's rows, as docs/fields.md begins; and a file, as README.md has it, then under a key of another cloud:");
    writeFileSync(`${project.directory}/fields.ts`, firstCode("docs/fields.md"));
    expectOutput(shell("node fields.ts"), /city: 'London'[\s\S]*1815-12-10/);
    tryFile(project, "--dev cmkit.dev.json", "customers");
    tryFile(project, "--dev cmkit.dev.json --provider azure", "azure");
    const diagnosis = shell("npx cmkit doctor --dev cmkit.dev.json");
    for (const cloud of ["aws", "gcp", "azure", "oci"]) expectOutput(diagnosis, new RegExp(`^ok +dev ${cloud} symmetric`, "m"));
    expectOutput(diagnosis, /^missing +azure identity/m);
    tryRegistry(project);
    tryMistakes(project);
    tryOneCloud();
  } finally {
    dev.kill("SIGINT");
    await once(dev, "exit");
  }
  note("After `cmkit dev` has ended:");
  expectOutput(shell("node seal-open.ts", { status: 1 }), /cmkit dev/);
  writeFileSync(`${root}/docs/packed-install.md`, transcript.page());
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
function tryFile({ directory, shell }, key, name) {
  const csv =
    'id,plan,email,phone\n1,paid,ada@example.com,+44 20 7946 0123\n2,free,"grace ""amazing"" @example.com",\n3,free,,""\n';
  writeFileSync(`${directory}/${name}.csv`, csv);
  const seal = shell(`${fileCommand("seal", key)} --tenant acme ${inAndOut(`${name}.csv`, `${name}.sealed.csv`)}`);
  expectOutput(seal, /sealed 3 rows/);
  const sealed = readFileSync(`${directory}/${name}.sealed.csv`, "utf8");
  transcript.block(`cat ${name}.sealed.csv`, sealed, 0);
  if (sealed.includes("example.com")) throw new Error("the sealed file has an e-mail address in clear");
  shell(`${fileCommand("open", key)} --tenant acme ${inAndOut(`${name}.sealed.csv`, `${name}.opened.csv`)}`);
  if (readFileSync(`${directory}/${name}.opened.csv`, "utf8") !== csv)
    throw new Error("the opened file is not the one that was sealed");
  checks += 1;
}

/** The registry from a program, on two versions of Node, and from the command. */
function tryRegistry({ directory, shell }) {
  note("A registry, by examples/registry.ts, then by the command, as docs/registry.md begins:");
  writeFileSync(`${directory}/registry.ts`, readFileSync(`${root}/examples/registry.ts`, "utf8"));
  const lines = /aws: works: [\s\S]*opened: ada@example\.com, grace@example\.com[\s\S]*verified: true/;
  expectOutput(shell("node registry.ts"), lines);
  expectOutput(shell(`npx --yes node@${oldestNode} registry.ts`), lines);
  expectOutput(shell("npx cmkit cmks accessors --dev cmkit.dev.json --project acme"), /principal/);
  const { aws } = JSON.parse(readFileSync(`${directory}/cmkit.dev.json`, "utf8"));
  const of = "--dev cmkit.dev.json --project acme";
  const created = shell(`npx cmkit cmks create ${of} --provider aws --resource ${aws.keys.symmetric} --default-cmk`);
  expectOutput(created, /^default_cmk +True$/m);
  const [, id] = /^id +(\S+)$/m.exec(created) ?? [];
  expectOutput(shell(`npx cmkit cmks check ${of} --cmk-id ${id}`), /^phase +done$/m);
  expectOutput(shell("npx cmkit init setup"), /token create/);
  expectOutput(shell("npx cmkit cmks list --config setup/cmkit.json --project acme"), /^id +status +provider/m);
}

function tryMistakes({ shell }) {
  note("What goes wrong, and what it says:");
  const dev = "--dev cmkit.dev.json";
  expectOutput(shell("npx cmkit inspect cmk1.AAAA", { status: 1 }), /malformed/);
  expectOutput(shell("npx cmkit inspekt", { status: 2 }), /inspect/);
  const other = `${fileCommand("open", dev)} --tenant other ${inAndOut("customers.sealed.csv", "other.csv")}`;
  expectOutput(shell(other, { status: 1 }), /row 1/);
  const absent = `${fileCommand("seal", dev)} --tenant acme ${inAndOut("no-such.csv", "other.csv")}`;
  expectOutput(shell(absent, { status: 1 }), /no-such/);
}

/** Most have one cloud: nothing may need the adapters of the others, types included. */
function tryOneCloud() {
  const project = packedProject(`${directory}/one-cloud`, transcript);
  const { shell } = project;
  note("In another directory, with one cloud alone, beside the same `cmkit dev`:");
  project.install([...own, "@cmkit/gcp", "@google-cloud/kms"], tarballOf, versionOf);
  const dev = "--dev ../project/cmkit.dev.json";
  const diagnosis = shell(`npx cmkit doctor ${dev}`);
  expectOutput(diagnosis, /^- +aws adapter +@cmkit\/aws is not installed/m);
  expectOutput(diagnosis, /^ok +dev gcp symmetric/m);
  tryFile(project, `${dev} --provider gcp`, "customers");
  const aws = `${fileCommand("seal", dev)} --tenant acme ${inAndOut("customers.csv", "aws.csv")}`;
  expectOutput(shell(aws, { status: 1 }), /npm install @cmkit\/aws @aws-sdk\/client-kms/);
  note("The types that came with the packages are enough for TypeScript:");
  writeFileSync(`${project.directory}/seal-open.ts`, readmeCode());
  writeFileSync(`${project.directory}/registry.ts`, readFileSync(`${root}/examples/registry.ts`, "utf8"));
  project.install(["typescript", "@types/node"], tarballOf, (name) => (name === "typescript" ? typescript : "26"), [
    "--save-dev",
  ]);
  shell(
    "npx tsc --noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable --types node seal-open.ts registry.ts",
  );
  checks += 1;
}

function fileCommand(name, key) {
  return `npx cmkit ${name} ${key} --fields email,phone --row-id id --table customers`;
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

function manifest(path) {
  return JSON.parse(readFileSync(`${root}/${path}/package.json`, "utf8"));
}

/** undefined for a package of others. */
function tarballOf(name) {
  const start = `${name.slice(1).replace("/", "-")}-`;
  const file = name.startsWith("@cmkit/") ? readdirSync(tarballs).find((each) => each.startsWith(start)) : undefined;
  return file && `${tarballs}/${file}`;
}

function versionOf(name) {
  return devDependencies[name];
}

function expectOutput(output, pattern) {
  if (!pattern.test(output)) throw new Error(`expected ${pattern} in:\n${output}`);
  checks += 1;
}
