import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

import { credentialsOf } from "./doctor.ts";
import { scratch } from "./scratch.ts";

const settings = {
  user: "ocid1.user.PRIVATE",
  fingerprint: "PRIVATE",
  tenancy: "ocid1.tenancy.PRIVATE",
  region: "eu-frankfurt-1",
  key_file: "~/.oci/key.pem",
};

function profile(given: Readonly<Record<string, string | undefined>>, name = "DEFAULT"): string {
  const lines = Object.entries(given).flatMap(([setting, value]) => (value === undefined ? [] : [`${setting}=${value}`]));
  return `[${name}]\n${lines.join("\n")}\n`;
}

/** A home directory with a configuration file and a key. */
function homeWith(content: string, path = ".oci/config", key = "-----BEGIN PRIVATE KEY-----\nPRIVATE\n"): string {
  const home = scratch();
  mkdirSync(join(home, ".oci"));
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
  writeFileSync(join(home, ".oci", "key.pem"), key);
  return home;
}

describe("the credentials of oci", () => {
  it("are missing, but not needed, where none is visible; a variable of the OCI CLI is told apart", async () => {
    const found = "none in variables or files";
    expect(await credentialsOf("oci", { home: scratch() })).toEqual({ ok: true, state: "missing", found });
    const env = { OCI_CLI_CONFIG_FILE: "/PRIVATE" };
    expect(await credentialsOf("oci", { env, home: scratch() })).toEqual({ ok: true, state: "missing", found });
  });

  it("come from the profile DEFAULT of ~/.oci/config", async () => {
    const home = homeWith(`# mine\r\n\r\n${profile(settings)}\n[OTHER]\nuser = PRIVATE\n`);
    const found = `profile DEFAULT in ${join(home, ".oci", "config")} (an API key)`;
    expect(await credentialsOf("oci", { home })).toEqual({ ok: true, state: "ok", found });
  });

  it("come from a session, which names no user", async () => {
    const session = { ...settings, user: undefined, security_token_file: "~/.oci/config" };
    const home = homeWith(profile(session));
    const found = `profile DEFAULT in ${join(home, ".oci", "config")} (a session token)`;
    expect(await credentialsOf("oci", { home })).toEqual({ ok: true, state: "ok", found });
  });

  it("come from the file that OCI_CONFIG_FILE names only where the usual one is not there, as in the SDK", async () => {
    const named = homeWith(profile({ ...settings, key_file: undefined }), "elsewhere");
    const env = { OCI_CONFIG_FILE: join(named, "elsewhere") };
    const usual = homeWith(profile(settings));
    expect(await credentialsOf("oci", { env, home: usual })).toMatchObject({ state: "ok" });
    expect(await credentialsOf("oci", { env, home: scratch() })).toEqual({
      ok: false,
      state: "wrong",
      found: `profile DEFAULT in ${join(named, "elsewhere")} has no key_file`,
    });
    const absent = { OCI_CONFIG_FILE: join(named, "none") };
    const found = "OCI_CONFIG_FILE names a file that is not there";
    expect(await credentialsOf("oci", { env: absent, home: scratch() })).toEqual({ ok: false, state: "wrong", found });
    const old = homeWith(profile(settings), ".oraclebmc/config");
    expect(await credentialsOf("oci", { home: old })).toMatchObject({ state: "ok" });
  });

  it.each([
    ["no user and no tenancy", profile({ ...settings, user: undefined, tenancy: "" }), "has no tenancy and no user"],
    ["no region", profile({ ...settings, region: undefined }), "has no region"],
    ["a session token and no tenancy", profile({ ...settings, security_token_file: "x", tenancy: "" }), "has no tenancy"],
  ])("are wrong where the profile has %s", async (_name, content, problem) => {
    const home = homeWith(content);
    const found = `profile DEFAULT in ${join(home, ".oci", "config")} ${problem}`;
    expect(await credentialsOf("oci", { home })).toEqual({ ok: false, state: "wrong", found });
  });

  it("take the region from OCI_REGION where the profile has none", async () => {
    const home = homeWith(profile({ ...settings, region: undefined }));
    expect(await credentialsOf("oci", { env: { OCI_REGION: "PRIVATE" }, home })).toMatchObject({ state: "ok" });
  });

  it.each([
    ["another profile alone", profile(settings, "OTHER"), "has no profile DEFAULT"],
    ["a line of something else", `${profile(settings)}PRIVATE\n`, "has a line that is neither a profile nor a setting"],
    ["a setting before a profile", `PRIVATE=1\n${profile(settings)}`, "has a line that is neither a profile nor a setting"],
  ])("are wrong where the file has %s", async (_name, content, problem) => {
    const home = homeWith(content);
    const found = `${join(home, ".oci", "config")} ${problem}`;
    expect(await credentialsOf("oci", { home })).toEqual({ ok: false, state: "wrong", found });
  });

  it("are wrong where the key is not there, or is encrypted and no passphrase is given", async () => {
    const absent = homeWith(profile({ ...settings, key_file: "/nonexistent/PRIVATE.pem" }));
    const where = (home: string): string => `the key_file of profile DEFAULT in ${join(home, ".oci", "config")}`;
    const state = { ok: false, state: "wrong" };
    expect(await credentialsOf("oci", { home: absent })).toEqual({ ...state, found: `${where(absent)} is not there` });
    for (const start of [
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
    ]) {
      const home = homeWith(profile(settings), ".oci/config", `${start}PRIVATE\n`);
      const found = `${where(home)} is encrypted, and there is no pass_phrase`;
      expect(await credentialsOf("oci", { home })).toEqual({ ...state, found });
      const open = homeWith(profile({ ...settings, pass_phrase: "PRIVATE" }), ".oci/config", `${start}PRIVATE\n`);
      expect(await credentialsOf("oci", { home: open })).toMatchObject({ state: "ok" });
    }
  });

  it("may be a resource principal, which the application has to hand over", async () => {
    const env = {
      OCI_RESOURCE_PRINCIPAL_VERSION: "2.2",
      OCI_RESOURCE_PRINCIPAL_RPST: "PRIVATE",
      OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: "PRIVATE",
      OCI_RESOURCE_PRINCIPAL_REGION: "PRIVATE",
    };
    const found = "a resource principal (OCI_RESOURCE_PRINCIPAL_VERSION) to give oci({ credentials })";
    expect(await credentialsOf("oci", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
    const half = { ...env, OCI_RESOURCE_PRINCIPAL_RPST: "" };
    const without = "OCI_RESOURCE_PRINCIPAL_VERSION is set without OCI_RESOURCE_PRINCIPAL_RPST";
    expect(await credentialsOf("oci", { env: half, home: scratch() })).toEqual({ ok: false, state: "wrong", found: without });
    const gone = { ...env, OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: "/nonexistent/file" };
    const absent = "the file that OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM names is not there";
    expect(await credentialsOf("oci", { env: gone, home: scratch() })).toEqual({ ok: false, state: "wrong", found: absent });
  });
});
