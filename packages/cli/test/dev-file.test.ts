import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { awsCloud } from "../src/aws-cloud.ts";
import { cloudAdapter } from "../src/cloud-adapter.ts";
import type { Cloud } from "../src/cloud.ts";
import { clouds } from "../src/clouds.ts";
import { adaptersFor } from "../src/dev-adapters.ts";
import { readDevFile } from "../src/index.ts";
import { cmkit } from "./command.ts";
import { devSample } from "./dev-sample.ts";
import { scratch } from "./scratch.ts";

const sample = devSample();
const file = { ...sample, recordKey: Buffer.from(sample.recordKey).toString("base64url") };
const { aws, gcp, azure, oci, server } = sample;

function written(content: unknown): string {
  const path = join(scratch(), "cmkit.dev.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("readDevFile", () => {
  it("gives what the file says, with the record key as bytes", async () => {
    const dev = await readDevFile(written(file));
    expect(dev).toEqual(sample);
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
    ["an earlier format", { cmkitDev: 2, aws, gcp, azure, oci }, "cmkitDev: expected 3, got 2"],
    ["a later format", { ...file, cmkitDev: 4 }, "cmkitDev: expected 3, got 4"],
    [
      "a further field",
      { ...file, ibm: "PRIVATE" },
      'file: expected only the fields cmkitDev, pid, recordKey, aws, gcp, azure, oci, server, got "ibm"',
    ],
    ["a cloud less", { ...file, oci: undefined }, "file: expected the field oci, got none"],
    ["no process id", { ...file, pid: "PRIVATE" }, "pid: expected a process id, got something else"],
    ["a short record key", { ...file, recordKey: "PRIVATE" }, "recordKey: expected 32 bytes in base64url, got another string"],
    [
      "another spelling of the key",
      { ...file, recordKey: `${"A".repeat(42)}B` },
      "recordKey: expected 32 bytes in base64url, got another string",
    ],
    [
      "an endpoint elsewhere",
      { ...file, aws: { ...aws, endpoint: "http://PRIVATE.example:80" } },
      "aws.endpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "user information",
      { ...file, gcp: { ...gcp, endpoint: "http://127.0.0.1:80@PRIVATE" } },
      "gcp.endpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "a host that only begins as loopback",
      { ...file, gcp: { ...gcp, grpcEndpoint: "http://127.0.0.1.PRIVATE.example:80" } },
      "gcp.grpcEndpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "https elsewhere",
      { ...file, azure: { ...azure, endpoint: "https://PRIVATE.vault.azure.net" } },
      "azure.endpoint: expected an https URL on loopback, got another string",
    ],
    [
      "plain http with tokens of Azure",
      { ...file, azure: { ...azure, endpoint: "http://127.0.0.1:80" } },
      "azure.endpoint: expected an https URL on loopback, got another string",
    ],
    [
      "another line in an endpoint",
      { ...file, oci: { ...oci, endpoint: "http://127.0.0.1:80\nPRIVATE" } },
      "oci.endpoint: expected a plain http URL on loopback, got another string",
    ],
    [
      "no secret",
      { ...file, aws: { ...aws, credentials: { accessKeyId: "AKIAPRIVATE" } } },
      "aws.credentials: expected the field secretAccessKey, got none",
    ],
    [
      "a token that cannot be sent",
      { ...file, gcp: { ...gcp, credentials: { accessToken: "PRIVATE\r\nx: y" } } },
      "gcp.credentials.accessToken: expected an access token, got another string",
    ],
    [
      "no certificate",
      { ...file, azure: { ...azure, ca: "PRIVATE" } },
      "azure.ca: expected the PEM of a certificate, got another string",
    ],
    [
      "a tenant by name",
      { ...file, azure: { ...azure, tenantId: "PRIVATE.onmicrosoft.com" } },
      "azure.tenantId: expected a tenant's GUID, got another string",
    ],
    [
      "a token for something else",
      { ...file, azure: { ...azure, accessTokens: { "https://management.azure.com": "PRIVATE" } } },
      "azure.accessTokens: expected the field https://vault.azure.net, got none",
    ],
    [
      "no private key",
      { ...file, oci: { ...oci, credentials: { ...oci.credentials, privateKey: "PRIVATE" } } },
      "oci.credentials.privateKey: expected the PEM of a private key, got another string",
    ],
    [
      "a user in the place of a tenancy",
      { ...file, oci: { ...oci, credentials: { ...oci.credentials, tenancy: oci.credentials.user } } },
      "oci.credentials.tenancy: expected the OCID of a tenancy, got another string",
    ],
    [
      "a server elsewhere",
      { ...file, server: { ...server, url: "http://PRIVATE.example:80" } },
      "server.url: expected a plain http URL on loopback, got another string",
    ],
    [
      "a token that is none of ours",
      { ...file, server: { ...server, token: "PRIVATE" } },
      "server.token: expected a token, got another string",
    ],
    ...(
      [
        ["aws", aws, "alias/PRIVATE", "a key's ARN"],
        ["gcp", gcp, "projects/PRIVATE/locations/eu", "a key's name"],
        ["azure", azure, "https://PRIVATE.example/keys/k", "a key's identifier"],
        ["oci", oci, "ocid1.vault.PRIVATE", "a key's OCID"],
      ] as const
    ).map(([name, cloud, key, expected]): [string, unknown, string] => [
      `another kind of name for a key of ${name}`,
      { ...file, [name]: { ...cloud, keys: { ...cloud.keys, rsa2048: key } } },
      `${name}.keys.rsa2048: expected ${expected}, got another string`,
    ]),
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
});

describe("the adapters of a file", () => {
  it("are one for each cloud whose adapter is installed; where none is, the commands that install them are told", async () => {
    const dev = await readDevFile(written(file));
    expect((await adaptersFor(dev)).map(({ provider }) => provider)).toEqual(["aws", "gcp", "azure", "oci"]);
    const absent = clouds.map((cloud) => failing(cloud, `Cannot find package '@cmkit/${cloud.provider}' imported from here`));
    const gcpAlone = absent.map((cloud, index) => (cloud.provider === "gcp" ? (clouds[index] ?? cloud) : cloud));
    expect((await adaptersFor(dev, gcpAlone)).map(({ provider }) => provider)).toEqual(["gcp"]);
    await expect(adaptersFor(dev, absent)).rejects.toMatchObject({
      code: "adapter-missing",
      message: expect.stringMatching(
        /run "npm install @cmkit\/aws @aws-sdk\/client-kms" or .* or "npm install @cmkit\/oci oci-common"$/,
      ) as string,
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
    const gone = await cmkit(["doctor", "--dev", written(file)]);
    expect(gone.exitCode).toBe(1);
    expect(gone.stdout).toMatch(/^wrong +dev aws rsa2048 +.*\((?:unavailable|timeout)\): start `cmkit dev` again$/m);
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
