import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

import { scratch } from "./scratch.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const source = "--conditions=@cmkit/source";

function start(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", ...options });
  return { status, stdout, stderr };
}

it.each(["20.20.2", "22.17.9"])("tells Node %s in one line that it is too old", (version) => {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: ${JSON.stringify(version)} } });`;
  const outcome = start([source, `--import=data:text/javascript,${encodeURIComponent(pretend)}`, main, "--version"]);
  expect(outcome).toEqual({ status: 1, stdout: "", stderr: `cmkit needs Node.js 22.18 or later; this is ${version}.\n` });
});

it("exits with the code of the command and reads what is piped in", () => {
  expect(start([source, main, "inspect"], { input: "cmk1.AAAA" })).toMatchObject({ status: 1, stdout: "" });
  expect(start([source, main, "inspct"])).toMatchObject({ status: 2, stdout: "" });
  expect(start([source, main, "--version"])).toMatchObject({ status: 0, stderr: "" });
});

it("takes paths relative to where it is run; from `npm run cmkit`, to where npm was", () => {
  const cwd = scratch();
  const person = join(cwd, "person");
  mkdirSync(person);
  writeFileSync(join(person, "here.bin"), "not sealed");
  const { PATH } = process.env;
  const inspect = [source, main, "inspect", "here.bin"];
  const env = { PATH, INIT_CWD: person };
  expect(start(inspect, { cwd: person, env: { PATH } }).stderr).toContain("here.bin: the input is malformed");
  expect(start(inspect, { cwd, env: { ...env, npm_lifecycle_event: "cmkit" } }).stderr).toContain(
    "here.bin: the input is malformed",
  );
  expect(start(inspect, { cwd, env: { ...env, npm_lifecycle_event: "start" } }).stderr).toContain("There is no file here.bin");
});
