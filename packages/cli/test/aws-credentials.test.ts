import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { credentialsOf } from "./doctor.ts";
import { scratch } from "./scratch.ts";

const key = { AWS_ACCESS_KEY_ID: "AKIAPRIVATE", AWS_SECRET_ACCESS_KEY: "wJalrPRIVATE" };

describe("the credentials of aws", () => {
  async function credentials(env: Record<string, string>, home = "/nonexistent"): ReturnType<typeof credentialsOf> {
    return credentialsOf("aws", { env, home });
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
