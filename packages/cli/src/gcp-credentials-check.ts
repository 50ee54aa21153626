import { join } from "node:path";

import type { Check } from "./check.ts";
import { credentialFile, jsonObject } from "./credential-file.ts";
import { type CredentialSource, credentialsCheck, type Machine } from "./credentials-check.ts";

/**
 * Which application default credentials of Google Cloud are visible: the order and the places are those of `GoogleAuth` in
 * google-auth-library, which takes the first file that is there, or fails on it.
 */
export async function gcpCredentialsCheck(machine: Machine): Promise<Check> {
  const sources = [await fromVariable(machine), await fromGcloud(machine), fromServerless(machine)];
  return credentialsCheck(
    "gcp",
    sources,
    'run "gcloud auth application-default login", set GOOGLE_APPLICATION_CREDENTIALS or give gcp({ credentials }); ' +
      "on a Google Cloud machine its service account is found at the first call",
  );
}

// The types that GoogleAuth.fromJSON makes clients of, in google-auth-library.
const types: ReadonlyMap<unknown, string> = new Map([
  ["authorized_user", "a person's login"],
  ["service_account", "a service account key"],
  ["external_account", "workload identity federation"],
  ["external_account_authorized_user", "a workforce login"],
  ["impersonated_service_account", "an impersonated service account"],
]);

async function fromVariable({ env }: Machine): Promise<CredentialSource> {
  const path = env["GOOGLE_APPLICATION_CREDENTIALS"];
  if (!path) return {};
  const source = await fromFile(path, "the file that GOOGLE_APPLICATION_CREDENTIALS names");
  return source ?? { problem: "GOOGLE_APPLICATION_CREDENTIALS names a file that is not there", final: true };
}

async function fromGcloud({ env, home, platform }: Machine): Promise<CredentialSource> {
  const usual = platform === "win32" ? env["APPDATA"] && join(env["APPDATA"], "gcloud") : join(home, ".config", "gcloud");
  const directory = env["CLOUDSDK_CONFIG"] || usual;
  if (!directory) return {};
  const path = join(directory, "application_default_credentials.json");
  const source = (await fromFile(path, path)) ?? {};
  // Nothing is asked for this file where the variable is set.
  return env["GOOGLE_APPLICATION_CREDENTIALS"] && source.final ? {} : source;
}

/** undefined: there is no such file. */
async function fromFile(path: string, name: string): Promise<CredentialSource | undefined> {
  const file = await credentialFile(path);
  if ("absent" in file) return undefined;
  if ("problem" in file) return { problem: `${name} ${file.problem}`, final: true };
  const content = jsonObject(file.text);
  if (content === undefined) return { problem: `${name} is not JSON`, final: true };
  const type = types.get(content["type"]);
  if (type === undefined) return { problem: `${name} has no type of credentials that is known`, final: true };
  return { found: `${type} in ${name}` };
}

// By these, gcp-metadata knows that a metadata server is there, and does not ask for it first.
function fromServerless({ env }: Machine): CredentialSource {
  const name = ["K_SERVICE", "CLOUD_RUN_JOB", "FUNCTION_NAME"].find((name) => env[name]);
  return name === undefined ? {} : { found: `the service account of Cloud Run or Functions (${name})` };
}
