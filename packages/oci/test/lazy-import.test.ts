import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyOcid } from "./samples.ts";

const run = promisify(execFile);
let directory = "";

/** Runs a program beside a copy of this package, where `@cmkit/core` is installed and the SDK is not. */
async function runWithoutSdk(program: string): Promise<unknown> {
  const file = join(directory, "main.ts");
  await writeFile(file, program);
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", file], { cwd: directory });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cmkit-oci-"));
  await writeFile(join(directory, "package.json"), '{"type":"module"}');
  await cp(new URL("../src", import.meta.url), join(directory, "src"), { recursive: true });
  await mkdir(join(directory, "node_modules", "@cmkit"), { recursive: true });
  await symlink(new URL("../../core", import.meta.url), join(directory, "node_modules", "@cmkit", "core"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("without the SDK", () => {
  it("the package imports, opens keys, and says at the first call what to install", async () => {
    const answer = await runWithoutSdk(`
      import { multiCloudKms } from "@cmkit/core";
      import { oci } from "./src/index.ts";
      const key = multiCloudKms({ adapters: [oci()] }).open({ provider: "oci", resource: "${keyOcid}" });
      const error = await key.describe().catch((thrown) => thrown);
      console.log(JSON.stringify({ resource: key.cmk.resource, code: error.code, message: error.message }));
    `);
    expect(answer).toMatchObject({ resource: keyOcid, code: "adapter-missing" });
    expect(answer).toMatchObject({ message: expect.stringContaining("npm install oci-common") as string });
  });
});
