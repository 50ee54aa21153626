import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { credentialsOf } from "./doctor.ts";
import { scratch } from "./scratch.ts";

const client = { AZURE_TENANT_ID: "PRIVATE", AZURE_CLIENT_ID: "PRIVATE" };
const secret = { ...client, AZURE_CLIENT_SECRET: "PRIVATE" };
const bySecret = "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";

function fileWith(content: string): string {
  const path = join(scratch(), "file");
  writeFileSync(path, content);
  return path;
}

/** A home directory with what `az login` leaves behind. */
function homeWith(profile: string): string {
  const home = scratch();
  mkdirSync(join(home, ".azure"));
  writeFileSync(join(home, ".azure", "azureProfile.json"), profile);
  return home;
}

const loggedIn = '\ufeff{"subscriptions":[{"id":"PRIVATE"}]}';

describe("the credentials of azure", () => {
  it("are missing, but not needed, where none is visible: a machine may have an identity", async () => {
    const nothing = { ok: true, state: "missing", found: "none in variables or files" };
    expect(await credentialsOf("azure", { home: scratch() })).toEqual(nothing);
    // These alone choose a managed identity, or the tenant of another credential.
    expect(await credentialsOf("azure", { env: client, home: scratch() })).toEqual(nothing);
  });

  it("come from the variables of an application with a secret or a certificate", async () => {
    const home = scratch();
    expect(await credentialsOf("azure", { env: secret, home })).toEqual({ ok: true, state: "ok", found: bySecret });
    const certificate = { ...client, AZURE_CLIENT_CERTIFICATE_PATH: fileWith("PRIVATE") };
    const found = "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH";
    expect(await credentialsOf("azure", { env: certificate, home })).toEqual({ ok: true, state: "ok", found });
  });

  it("come from a federated token, as in Kubernetes", async () => {
    const env = { ...client, AZURE_FEDERATED_TOKEN_FILE: fileWith("PRIVATE") };
    const found = "workload identity: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE";
    expect(await credentialsOf("azure", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
  });

  it.each(["IDENTITY_ENDPOINT", "MSI_ENDPOINT"])("come from a managed identity whose endpoint is in %s", async (name) => {
    const env = { [name]: "http://PRIVATE" };
    const found = `managed identity: ${name}`;
    expect(await credentialsOf("azure", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
  });

  it("come from a login of the Azure CLI, which follows AZURE_CONFIG_DIR", async () => {
    const home = homeWith(loggedIn);
    const found = `a login of the Azure CLI in ${join(home, ".azure", "azureProfile.json")}`;
    expect(await credentialsOf("azure", { home })).toEqual({ ok: true, state: "ok", found });
    const env = { AZURE_CONFIG_DIR: join(home, ".azure") };
    expect(await credentialsOf("azure", { env, home: scratch() })).toEqual({ ok: true, state: "ok", found });
    for (const profile of ['{"subscriptions":[]}', "{}", "half a fi"]) {
      expect(await credentialsOf("azure", { home: homeWith(profile) })).toMatchObject({ state: "missing" });
    }
  });

  it.each([
    [{ AZURE_CLIENT_SECRET: "PRIVATE" }, "AZURE_CLIENT_SECRET is set without AZURE_TENANT_ID and AZURE_CLIENT_ID"],
    [{ ...secret, AZURE_CLIENT_ID: "" }, "AZURE_CLIENT_SECRET is set without AZURE_CLIENT_ID"],
    [
      { ...client, AZURE_CLIENT_CERTIFICATE_PATH: "/nonexistent/file" },
      "the file that AZURE_CLIENT_CERTIFICATE_PATH names is not there",
    ],
    [
      { AZURE_FEDERATED_TOKEN_FILE: "/nonexistent/file" },
      "AZURE_FEDERATED_TOKEN_FILE is set without AZURE_TENANT_ID and AZURE_CLIENT_ID",
    ],
    [
      { ...client, AZURE_FEDERATED_TOKEN_FILE: "/nonexistent/file" },
      "the file that AZURE_FEDERATED_TOKEN_FILE names is not there",
    ],
    [{ ...secret, AZURE_TOKEN_CREDENTIALS: "PRIVATE" }, "AZURE_TOKEN_CREDENTIALS names none that cmkit knows"],
  ])("are wrong with %j", async (env, found) => {
    expect(await credentialsOf("azure", { env, home: scratch() })).toEqual({ ok: false, state: "wrong", found });
  });

  it("are listed in the order in which DefaultAzureCredential asks, and those that AZURE_TOKEN_CREDENTIALS leaves out are not", async () => {
    const home = homeWith(loggedIn);
    const env = { ...secret, IDENTITY_ENDPOINT: "http://PRIVATE" };
    const cli = `a login of the Azure CLI in ${join(home, ".azure", "azureProfile.json")}`;
    const all = `${bySecret}; not used beside it: managed identity: IDENTITY_ENDPOINT; ${cli}`;
    const foundWith = async (choice: string): Promise<string | undefined> =>
      (await credentialsOf("azure", { env: { ...env, AZURE_TOKEN_CREDENTIALS: choice }, home })).found;
    expect(await foundWith("")).toBe(all);
    expect(await foundWith("prod")).toBe(`${bySecret}; not used beside it: managed identity: IDENTITY_ENDPOINT`);
    expect(await foundWith("Dev")).toBe(cli);
    expect(await foundWith("ManagedIdentityCredential")).toBe("managed identity: IDENTITY_ENDPOINT");
  });
});
