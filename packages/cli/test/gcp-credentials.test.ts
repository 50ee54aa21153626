import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { credentialsOf } from "./doctor.ts";
import { scratch } from "./scratch.ts";

const login = { type: "authorized_user", refresh_token: "PRIVATE" };
const nothing = { ok: true, state: "missing", found: "none in variables or files" };

function fileWith(content: unknown, path = join(scratch(), "key.json")): string {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** A home directory with gcloud's own file. */
function homeWith(content: unknown): string {
  const home = scratch();
  mkdirSync(join(home, ".config", "gcloud"), { recursive: true });
  fileWith(content, join(home, ".config", "gcloud", "application_default_credentials.json"));
  return home;
}

describe("the credentials of gcp", () => {
  it("are missing, but not needed, where none is visible: a machine may have a service account", async () => {
    expect(await credentialsOf("gcp", { home: scratch() })).toEqual(nothing);
    expect(await credentialsOf("gcp", { env: { GOOGLE_APPLICATION_CREDENTIALS: "" }, home: scratch() })).toEqual(nothing);
  });

  it.each([
    ["service_account", "a service account key"],
    ["authorized_user", "a person's login"],
    ["external_account", "workload identity federation"],
    ["external_account_authorized_user", "a workforce login"],
    ["impersonated_service_account", "an impersonated service account"],
  ])("come from the file that GOOGLE_APPLICATION_CREDENTIALS names, by its type: %s", async (type, what) => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: fileWith({ type, private_key: "PRIVATE" }) };
    const found = `${what} in the file that GOOGLE_APPLICATION_CREDENTIALS names`;
    expect(await credentialsOf("gcp", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
  });

  it.each([
    ["not JSON", "PRIVATE", "is not JSON"],
    ["an array", [login], "is not JSON"],
    ["of no type", { private_key: "PRIVATE" }, "has no type of credentials that is known"],
    ["of another type", { type: "PRIVATE" }, "has no type of credentials that is known"],
    ["too large to be one", " ".repeat(1024 * 1024 + 1), "is too large"],
  ])("are wrong where that file is %s, whatever else is there", async (_name, content, problem) => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: fileWith(content) };
    const found = `the file that GOOGLE_APPLICATION_CREDENTIALS names ${problem}`;
    expect(await credentialsOf("gcp", { env, home: homeWith(login) })).toEqual({ ok: false, state: "wrong", found });
  });

  it("are wrong where that file is not there, or cannot be read", async () => {
    const home = scratch();
    const absent = { GOOGLE_APPLICATION_CREDENTIALS: join(home, "none.json") };
    const gone = "GOOGLE_APPLICATION_CREDENTIALS names a file that is not there";
    expect(await credentialsOf("gcp", { env: absent, home })).toEqual({ ok: false, state: "wrong", found: gone });
    const directory = { GOOGLE_APPLICATION_CREDENTIALS: home };
    const found = "the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read";
    expect(await credentialsOf("gcp", { env: directory, home })).toEqual({ ok: false, state: "wrong", found });
  });

  it("come from gcloud's own file after that, which follows CLOUDSDK_CONFIG and is in APPDATA on Windows", async () => {
    const home = homeWith(login);
    const path = join(home, ".config", "gcloud", "application_default_credentials.json");
    const found = `a person's login in ${path}`;
    expect(await credentialsOf("gcp", { home })).toEqual({ ok: true, state: "ok", found });
    const env = { CLOUDSDK_CONFIG: join(home, ".config", "gcloud") };
    expect(await credentialsOf("gcp", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
    const windows = { platform: "win32", env: { APPDATA: join(home, ".config") }, home: scratch() } as const;
    expect(await credentialsOf("gcp", windows)).toEqual({ ok: true, state: "ok", found });
    expect(await credentialsOf("gcp", { platform: "win32", home })).toEqual(nothing);
    const both = { env: { GOOGLE_APPLICATION_CREDENTIALS: fileWith({ type: "service_account" }) }, home };
    expect(await credentialsOf("gcp", both)).toMatchObject({
      found: `a service account key in the file that GOOGLE_APPLICATION_CREDENTIALS names; not used beside it: ${found}`,
    });
  });

  it("are wrong where gcloud's own file is damaged, unless the variable goes before it", async () => {
    const home = homeWith("PRIVATE");
    const path = join(home, ".config", "gcloud", "application_default_credentials.json");
    expect(await credentialsOf("gcp", { home })).toEqual({ ok: false, state: "wrong", found: `${path} is not JSON` });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: fileWith(login) };
    expect(await credentialsOf("gcp", { env, home })).toMatchObject({ ok: true, state: "ok" });
  });

  it("come from the service account of a serverless container", async () => {
    const found = "the service account of Cloud Run or Functions (K_SERVICE)";
    expect(await credentialsOf("gcp", { env: { K_SERVICE: "PRIVATE" }, home: scratch() })).toEqual({
      ok: true,
      state: "ok",
      found,
    });
  });
});
