import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";
import { allInstalled, doctor, installed } from "./doctor.ts";

const none = "none in variables or files";

describe("cmkit doctor", () => {
  it("prints one line a check and exits with 0 when nothing needed is missing or wrong", async () => {
    const env = { AWS_ACCESS_KEY_ID: "AKIAPRIVATE", AWS_SECRET_ACCESS_KEY: "wJalrPRIVATE" };
    const { exitCode, stdout, stderr } = await cmkit(["doctor"], { nodeVersion: "24.1.0", env, findPackage: allInstalled });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.replace(/: (?:set|run) .*/, ""));
    expect(lines).toEqual([
      "ok       Node.js            24.1.0, expected >=22.18",
      "ok       certificates       checked",
      "ok       aws adapter        @cmkit/aws 0.1.0",
      "ok       aws SDK            @aws-sdk/client-kms 1.2.3, expected ^1.2.0",
      "ok       aws credentials    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      "ok       gcp adapter        @cmkit/gcp 0.1.0",
      "ok       gcp SDK            @google-cloud/kms 1.2.3, expected ^1.2.0",
      "ok       gcp logging        the SDK prints no requests",
      `missing  gcp credentials    ${none}`,
      "ok       azure adapter      @cmkit/azure 0.1.0",
      "ok       azure SDK          @azure/keyvault-keys 1.2.3, expected ^1.2.0",
      "ok       azure identity     @azure/identity 1.2.3, expected ^1.2.0",
      `missing  azure credentials  ${none}`,
      "ok       oci adapter        @cmkit/oci 0.1.0",
      "ok       oci SDK            oci-common 1.2.3, expected ^1.2.0",
      `missing  oci credentials    ${none}`,
      "",
      "Nothing that is needed is missing or wrong.",
      "",
    ]);
  });

  it("finds the packages of this workspace on the disk", async () => {
    const { exitCode, stdout } = await cmkit(["doctor"]);
    expect(exitCode).toBe(0);
    for (const provider of ["aws", "gcp", "azure", "oci"]) {
      expect(stdout).toMatch(new RegExp(`^ok +${provider} adapter +@cmkit/${provider} \\d+\\.\\d+\\.\\d+$`, "m"));
      expect(stdout).toMatch(new RegExp(`^ok +${provider} SDK +[@\\w/-]+ \\d+\\.\\d+\\.\\d+, expected \\^\\d`, "m"));
    }
  });

  it("calls an old Node and certificates that are not checked wrong, and says what to do", async () => {
    const { ok, check } = await doctor({ nodeVersion: "22.17.1", env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
    expect(ok).toBe(false);
    expect(check("Node.js")).toMatchObject({ state: "wrong", found: "22.17.1, expected >=22.18", todo: "install a newer one" });
    expect(check("certificates")).toMatchObject({ state: "wrong", todo: "unset it" });
  });

  it("calls the variable with which Google's SDK prints data keys wrong, where that SDK would be used", async () => {
    const env = { GOOGLE_SDK_NODE_LOGGING: "kms" };
    const { ok, check } = await doctor({ env });
    expect(ok).toBe(false);
    expect(check("gcp logging")).toMatchObject({
      state: "wrong",
      found: "GOOGLE_SDK_NODE_LOGGING makes Google's SDK print data keys, and the adapter does not start so",
      todo: "unset it",
    });
    expect(await doctor({ env: { GOOGLE_SDK_NODE_LOGGING: "" } })).toMatchObject({ ok: true });
    expect(await doctor({ env, findPackage: installed("@cmkit/aws", "@aws-sdk/client-kms") })).toMatchObject({ ok: true });
  });

  it("is content with one adapter, and looks for nothing that the others would need", async () => {
    const env = { AWS_PROFILE: "absent" };
    const { ok, names, check } = await doctor({ env, findPackage: installed("@cmkit/gcp", "@google-cloud/kms") });
    expect(ok).toBe(true);
    expect(check("aws adapter")).toEqual({
      name: "aws adapter",
      state: "unused",
      found: "@cmkit/aws is not installed",
      todo: 'run "npm install @cmkit/aws @aws-sdk/client-kms" to use it',
      needed: false,
    });
    expect(names).toEqual([
      "Node.js",
      "certificates",
      "aws adapter",
      "gcp adapter",
      "gcp SDK",
      "gcp logging",
      "gcp credentials",
      "azure adapter",
      "oci adapter",
    ]);
  });

  it("fails where no adapter is installed, and counts what is to mend in the table's last line", async () => {
    const { exitCode, stdout } = await cmkit(["doctor"], { findPackage: async () => undefined });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^- +oci adapter +@cmkit\/oci is not installed: run "npm install @cmkit\/oci oci-common" to use it$/m);
    expect(stdout).toMatch(/^missing +adapters +none is installed: install that of the cloud that your key is in/m);
    expect(stdout).toMatch(/\n1 to mend\.\n$/);
  });

  it.each([
    ["aws SDK", "@cmkit/aws", "@aws-sdk/client-kms"],
    ["gcp SDK", "@cmkit/gcp", "@google-cloud/kms"],
    ["azure SDK", "@cmkit/azure", "@azure/keyvault-keys"],
    ["oci SDK", "@cmkit/oci", "oci-common"],
  ])("tells a missing SDK from a missing adapter, and one that does not fit from both: %s", async (name, adapter, sdk) => {
    const without = await doctor({ findPackage: installed(adapter) });
    expect(without.check(name.replace("SDK", "adapter"))?.state).toBe("ok");
    expect(without.check(name)).toMatchObject({ state: "missing", todo: `run "npm install ${sdk}"` });
    expect(without.ok).toBe(false);
    const old = await doctor({ findPackage: installed(adapter, [sdk, "1.1.9"]) });
    expect(old.check(name)).toMatchObject({ state: "wrong", todo: `run "npm install ${sdk}@^1.2.0"` });
    expect(old.ok).toBe(false);
  });

  it("says that @azure/identity is not there, and does without", async () => {
    const { ok, check } = await doctor({ findPackage: installed("@cmkit/azure", "@azure/keyvault-keys") });
    expect(ok).toBe(true);
    expect(check("azure identity")).toEqual({
      name: "azure identity",
      state: "missing",
      found:
        "@azure/identity is not installed: it finds credentials on this machine, and without it azure({ credential }) must be given one",
      todo: 'run "npm install @azure/identity"',
      needed: false,
    });
  });
});
