import { isAbsolute } from "node:path";

import type { Check } from "./check.ts";
import { credentialFile, fileProblem } from "./credential-file.ts";
import { type CredentialSource, credentialsCheck, type Machine } from "./credentials-check.ts";
import { atHome, ociProfile } from "./oci-profile.ts";

/** Which credentials of OCI are visible. Of itself the adapter takes the profile DEFAULT, and nothing else. */
export async function ociCredentialsCheck(machine: Machine): Promise<Check> {
  const sources = [await fromProfile(machine), await fromResourcePrincipal(machine.env)];
  const cliOnly = machine.env["OCI_CLI_CONFIG_FILE"] ? " (OCI_CLI_CONFIG_FILE is read by the OCI CLI alone)" : "";
  return credentialsCheck("oci", sources, `run "oci setup config"${cliOnly} or give oci({ credentials })`);
}

async function fromProfile(machine: Machine): Promise<CredentialSource> {
  const profile = await ociProfile(machine);
  if ("absent" in profile) return {};
  if ("problem" in profile) return { problem: profile.problem, final: true };
  const { path, settings } = profile;
  const where = `profile DEFAULT in ${path}`;
  const session = Boolean(settings.get("security_token_file"));
  // As in ConfigFileAuthenticationDetailsProvider of oci-common.
  const region = machine.env["OCI_REGION"] ? [] : ["region"];
  const needed = ["tenancy", ...region, "fingerprint", "key_file", ...(session ? ["security_token_file"] : ["user"])];
  const missing = needed.filter((setting) => !settings.get(setting));
  if (missing.length > 0) return { problem: `${where} has no ${missing.join(" and no ")}`, final: true };
  for (const setting of session ? ["key_file", "security_token_file"] : ["key_file"]) {
    const problem = await fileProblem(atHome(settings.get(setting) ?? "", machine.home));
    if (problem !== undefined) return { problem: `the ${setting} of ${where} ${problem}`, final: true };
  }
  if (!settings.get("pass_phrase") && (await isEncrypted(atHome(settings.get("key_file") ?? "", machine.home)))) {
    return { problem: `the key_file of ${where} is encrypted, and there is no pass_phrase`, final: true };
  }
  return { found: `${where} (${session ? "a session token" : "an API key"})` };
}

async function isEncrypted(path: string): Promise<boolean> {
  const file = await credentialFile(path);
  // The two ways in which a PEM says so: of PKCS#8 (RFC 5958) and of OpenSSL before it.
  return "text" in file && /^-----BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(file.text);
}

const principal = ["OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "OCI_RESOURCE_PRINCIPAL_REGION"];

async function fromResourcePrincipal(env: Machine["env"]): Promise<CredentialSource> {
  const version = "OCI_RESOURCE_PRINCIPAL_VERSION";
  if (!env[version]) return {};
  const missing = principal.filter((name) => !env[name]);
  if (missing.length > 0) return { problem: `${version} is set without ${missing.join(" and ")}` };
  for (const name of principal) {
    const value = env[name] ?? "";
    const problem = isAbsolute(value) ? await fileProblem(value) : undefined;
    if (problem !== undefined) return { problem: `the file that ${name} names ${problem}` };
  }
  return { found: `a resource principal (${version}) to give oci({ credentials })` };
}
