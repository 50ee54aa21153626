import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { awsCloud } from "../src/aws-cloud.ts";
import { cloudAdapter } from "../src/cloud-adapter.ts";
import type { Cloud } from "../src/cloud.ts";
import { adaptersFor } from "../src/dev-adapters.ts";
import { readDevFile } from "../src/index.ts";
import { cmkit } from "./command.ts";
import { scratch } from "./scratch.ts";

const arn = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";
const file = {
  cmkitDev: 1,
  pid: 4242,
  recordKey: Buffer.alloc(32, 7).toString("base64url"),
  aws: {
    endpoint: "http://127.0.0.1:4599",
    controlToken: "PRIVATE-PRIVATE-PRIVATE",
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAPRIVATE", secretAccessKey: "PRIVATE+/=" },
    keys: { rsa2048: arn, rsa4096: arn, symmetric: arn },
  },
};

function written(content: unknown): string {
  const path = join(scratch(), "cmkit.dev.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("readDevFile", () => {
  it("gives what the file says, with the record key as bytes", async () => {
    const dev = await readDevFile(written(file));
    expect(dev).toEqual({ ...file, recordKey: new Uint8Array(32).fill(7) });
    expect(dev.recordKey.constructor).toBe(Uint8Array);
  });

  it("says to run `cmkit dev` where there is no file", async () => {
    const path = join(scratch(), "cmkit.dev.json");
    await expect(readDevFile(path)).rejects.toMatchObject({
      name: "CliError",
      code: "refused",
      message: `There is no file ${path}.\nStart the emulators with \`cmkit dev\` and leave it running.`,
    });
  });

  it.each([
    ["no JSON", "PRIVATE", "expected JSON, got something else"],
    ["an array", [file], "file: expected an object, got an array"],
    ["no mark", { ...file, cmkitDev: undefined }, "file: expected the field cmkitDev, got none"],
    ["a later format", { ...file, cmkitDev: 2 }, "cmkitDev: expected 1, got 2"],
    ["a further field", { ...file, gcp: "PRIVATE" }, 'file: expected only the fields cmkitDev, pid, recordKey, aws, got "gcp"'],
    ["no process id", { ...file, pid: "PRIVATE" }, "pid: expected a process id, got something else"],
    ["a short record key", { ...file, recordKey: "PRIVATE" }, "recordKey: expected 32 bytes in base64url, got another string"],
    [
      "another spelling of the key",
      { ...file, recordKey: `${"A".repeat(42)}B` },
      "recordKey: expected 32 bytes in base64url, got another string",
    ],
    [
      "an endpoint elsewhere",
      withAws({ endpoint: "http://PRIVATE.example:80" }),
      "aws.endpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "user information",
      withAws({ endpoint: "http://127.0.0.1:80@PRIVATE" }),
      "aws.endpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "no secret",
      withAws({ credentials: { accessKeyId: "AKIAPRIVATE" } }),
      "aws.credentials: expected the field secretAccessKey, got none",
    ],
    [
      "a key by alias",
      withAws({ keys: { ...file.aws.keys, rsa2048: "alias/PRIVATE" } }),
      "aws.keys.rsa2048: expected a key's ARN, got another string",
    ],
  ])("refuses %s with what was expected and got, and shows no value", async (_name, content, reason) => {
    const path = written(content);
    const message = await readDevFile(path).then(
      () => "it was read",
      (error: unknown) => (error as Error).message,
    );
    expect(message).toBe(
      `${path} is not the file of a running \`cmkit dev\`: ${reason}.\nRemove it, and start \`cmkit dev\` again to have it written anew.`,
    );
    expect(message).not.toContain("PRIVATE");
  });

  function withAws(changed: object): object {
    return { ...file, aws: { ...file.aws, ...changed } };
  }
});

describe("the adapters of a file", () => {
  it("are one for each cloud whose adapter is installed; where none is, the commands that install them are told", async () => {
    const dev = await readDevFile(written(file));
    expect((await adaptersFor(dev)).map(({ provider }) => provider)).toEqual(["aws"]);
    const absent = failing(awsCloud, "Cannot find package '@cmkit/aws' imported from here");
    expect((await adaptersFor(dev, [absent, awsCloud])).map(({ provider }) => provider)).toEqual(["aws"]);
    await expect(adaptersFor(dev, [absent])).rejects.toMatchObject({
      code: "adapter-missing",
      message: expect.stringContaining('run "npm install @cmkit/aws @aws-sdk/client-kms"') as string,
    });
  });

  it("are not left out because of a package that is absent within an adapter", async () => {
    const dev = await readDevFile(written(file));
    const broken = failing(awsCloud, "Cannot find package 'of-the-adapter' imported from @cmkit/aws");
    await expect(adaptersFor(dev, [broken, awsCloud])).rejects.toThrow("of-the-adapter");
  });

  it("are imported one at a time by a command that needs one, which names the command that installs it", async () => {
    const dev = await readDevFile(written(file));
    const absent = failing(awsCloud, "Cannot find package '@cmkit/aws' imported from here");
    await expect(cloudAdapter(absent, dev)).rejects.toMatchObject({
      code: "adapter-missing",
      message: 'aws: no adapter is installed for this provider: run "npm install @cmkit/aws @aws-sdk/client-kms"',
    });
  });

  it("are what `cmkit doctor --dev` asks: an emulator that is gone is wrong, and so is a file that is not there", async () => {
    const gone = await cmkit(["doctor", "--dev", written({ ...file, aws: { ...file.aws, endpoint: "http://127.0.0.1:9" } })]);
    expect(gone.exitCode).toBe(1);
    expect(gone.stdout).toMatch(/^wrong +dev rsa2048 +.*\((?:unavailable|timeout)\): start `cmkit dev` again$/m);
    const absent = await cmkit(["doctor", "--dev", "absent.json"], { cwd: "/nonexistent" });
    expect(absent.exitCode).toBe(1);
    expect(absent.stdout).toMatch(
      /^wrong +dev +There is no file \/nonexistent\/absent\.json: Start the emulators with `cmkit dev`/m,
    );
  });

  function failing(cloud: Cloud, message: string): Cloud {
    const error = Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" });
    return { ...cloud, adapter: async () => Promise.reject(error) };
  }
});
