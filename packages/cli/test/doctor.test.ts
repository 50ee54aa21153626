import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Check } from "../src/check.ts";
import type { FindPackage, InstalledPackage } from "../src/installed-package.ts";
import { cmkit, type Given, type Outcome } from "./command.ts";
import { scratch } from "./scratch.ts";

const sdk = "@aws-sdk/client-kms";
const adapter: InstalledPackage = { version: "0.1.0", peers: { [sdk]: "^3.1000.0" }, url: "file:///adapter/package.json" };

/** The adapter and an SDK of a version, which is found from where the adapter is. */
function installed(sdkVersion: string | undefined): FindPackage {
  return async (name, from) => {
    if (name === "@cmkit/aws") return adapter;
    if (name !== sdk || from !== adapter.url || sdkVersion === undefined) return undefined;
    return { version: sdkVersion, peers: {}, url: "file:///sdk/package.json" };
  };
}

const fit = installed("3.1162.0");
const key = { AWS_ACCESS_KEY_ID: "AKIAPRIVATE", AWS_SECRET_ACCESS_KEY: "wJalrPRIVATE" };

async function doctor(
  given: Given,
): Promise<Outcome & { readonly ok: boolean; readonly check: (name: string) => Check | undefined }> {
  const outcome = await cmkit(["doctor", "--json"], { findPackage: fit, ...given });
  expect(outcome.stderr).toBe("");
  const { ok, checks } = JSON.parse(outcome.stdout) as { ok: boolean; checks: readonly Check[] };
  expect(outcome.exitCode).toBe(ok ? 0 : 1);
  return { ...outcome, ok, check: (name) => checks.find((check) => check.name === name) };
}

describe("cmkit doctor", () => {
  it("prints one line a check and exits with 0 when nothing needed is missing or wrong", async () => {
    const { exitCode, stdout, stderr } = await cmkit(["doctor"], { nodeVersion: "24.1.0", env: key, findPackage: fit });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "ok  Node.js          24.1.0, expected >=22.18",
      "ok  certificates     checked",
      "ok  aws adapter      @cmkit/aws 0.1.0",
      `ok  aws SDK          ${sdk} 3.1162.0, expected ^3.1000.0`,
      "ok  aws credentials  AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      "",
      "Nothing that is needed is missing or wrong.",
      "",
    ]);
  });

  it("finds the packages of this workspace on the disk", async () => {
    const { exitCode, stdout } = await cmkit(["doctor"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ok +aws adapter +@cmkit\/aws \d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^ok +aws SDK +@aws-sdk\/client-kms 3\.\d+\.\d+, expected \^3\.\d+\.\d+$/m);
  });

  it("calls an old Node and certificates that are not checked wrong, and says what to do", async () => {
    const { ok, check } = await doctor({ nodeVersion: "22.17.1", env: { ...key, NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
    expect(ok).toBe(false);
    expect(check("Node.js")).toMatchObject({ state: "wrong", found: "22.17.1, expected >=22.18", todo: "install a newer one" });
    expect(check("certificates")).toMatchObject({ state: "wrong", todo: "unset it" });
  });

  it("counts what is to mend in the table's last line", async () => {
    const { exitCode, stdout } = await cmkit(["doctor"], { findPackage: async () => undefined });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^- +aws adapter +@cmkit\/aws is not installed: run "npm install @cmkit\/aws @aws-sdk\/client-kms" to use it$/m,
    );
    expect(stdout).toMatch(/^missing +adapters +none is installed: install that of the cloud that your key is in/m);
    expect(stdout).toMatch(/\n1 to mend\.\n$/);
  });

  it("tells a missing SDK from a missing adapter, and an SDK that does not fit from both", async () => {
    const without = await doctor({ env: key, findPackage: installed(undefined) });
    expect(without.check("aws adapter")?.state).toBe("ok");
    expect(without.check("aws SDK")).toMatchObject({ state: "missing", todo: `run "npm install ${sdk}"` });
    expect(without.ok).toBe(false);
    const old = await doctor({ env: key, findPackage: installed("3.999.0") });
    expect(old.check("aws SDK")).toMatchObject({ state: "wrong", todo: `run "npm install ${sdk}@^3.1000.0"` });
    expect(old.ok).toBe(false);
  });
});

describe("the credentials of aws", () => {
  async function credentials(env: Given["env"], home = "/nonexistent"): Promise<Partial<Check> & { readonly ok: boolean }> {
    const { ok, check, stdout } = await doctor({ env: env ?? {}, home });
    expect(stdout).not.toContain("PRIVATE");
    const { state, found } = check("aws credentials") ?? {};
    return { ok, ...(state === undefined ? {} : { state }), ...(found === undefined ? {} : { found }) };
  }

  function homeWith(config: string, credentials: string): string {
    const home = scratch();
    mkdirSync(join(home, ".aws"));
    writeFileSync(join(home, ".aws", "config"), config);
    writeFileSync(join(home, ".aws", "credentials"), credentials);
    return home;
  }

  it("are missing, but not needed, where none is visible: a machine may have a role", async () => {
    expect(await credentials({})).toEqual({ ok: true, state: "missing", found: "none in variables or files" });
    expect(await credentials({ AWS_ACCESS_KEY_ID: "", AWS_PROFILE: "" })).toMatchObject({ state: "missing" });
  });

  it.each([
    [{ AWS_ACCESS_KEY_ID: "AKIAPRIVATE" }, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"],
    [{ AWS_SECRET_ACCESS_KEY: "PRIVATE" }, "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"],
    [{ AWS_WEB_IDENTITY_TOKEN_FILE: "/run/token" }, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN"],
    [
      { AWS_WEB_IDENTITY_TOKEN_FILE: "/nonexistent/token", AWS_ROLE_ARN: "arn:PRIVATE" },
      "AWS_WEB_IDENTITY_TOKEN_FILE names a file that cannot be read",
    ],
    [{ AWS_PROFILE: "prod" }, "AWS_PROFILE names prod, which is not in any file"],
    [{ ...key, AWS_PROFILE: "prod" }, "AWS_PROFILE names prod, which is not in any file"],
  ])("are wrong with %j", async (env, found) => {
    expect(await credentials(env)).toEqual({ ok: false, state: "wrong", found });
  });

  it("come from the default profile of the credentials file", async () => {
    const home = homeWith(
      "[default]\nregion = eu-west-1\n",
      "[default]\naws_access_key_id = AKIAPRIVATE\naws_secret_access_key = PRIVATE\n",
    );
    const files = `${join(home, ".aws", "config")} and ${join(home, ".aws", "credentials")}`;
    expect(await credentials({}, home)).toEqual({ ok: true, state: "ok", found: `profile default (an access key) in ${files}` });
  });

  it.each([
    ["sso_session = corp", "IAM Identity Center"],
    ["role_arn = arn:PRIVATE\nsource_profile = base", "a role"],
    ["credential_process = /bin/PRIVATE", "a credential process"],
  ])("come from a named profile that says %j", async (settings, source) => {
    const home = homeWith(`[default]\nregion=x\n[profile prod]\r\n${settings}\n[profile other]\nregion=y\n`, "");
    const { state, found } = await credentials({ AWS_PROFILE: "prod" }, home);
    expect(state).toBe("ok");
    expect(found).toMatch(new RegExp(`^profile prod \\(${source}\\) in `));
    expect(await credentials({ AWS_PROFILE: "other" }, home)).toMatchObject({ state: "wrong", ok: false });
  });

  it("follow AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE", async () => {
    const directory = scratch();
    const file = join(directory, "elsewhere");
    writeFileSync(file, "[default]\naws_access_key_id=AKIAPRIVATE\n");
    const { state, found } = await credentials({ AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(directory, "none") });
    expect({ state, found }).toEqual({ state: "ok", found: `profile default (an access key) in ${file}` });
  });

  it("are listed in the order in which the SDK asks, the first one being used", async () => {
    const token = join(scratch(), "token");
    writeFileSync(token, "PRIVATE");
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: "arn:PRIVATE",
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://PRIVATE",
    };
    const identity = "web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN";
    const container = "container: AWS_CONTAINER_CREDENTIALS_FULL_URI";
    expect(await credentials(env)).toMatchObject({ state: "ok", found: `${identity}; not used beside it: ${container}` });
    const first = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    const found = `${first}; not used beside it: ${identity}; ${container}`;
    expect(await credentials({ ...env, ...key })).toMatchObject({ found });
  });
});
