import { join } from "node:path";

import type { Check } from "./check.ts";
import { credentialFile, fileProblem, jsonObject } from "./credential-file.ts";
import { type CredentialSource, credentialsCheck, type Machine } from "./credentials-check.ts";

/** Which credentials of Azure are visible, in the order of `DefaultAzureCredential` in @azure/identity. */
export async function azureCredentialsCheck(machine: Machine): Promise<Check> {
  const places = chosenPlaces(machine.env);
  const sources =
    places === undefined
      ? [{ problem: "AZURE_TOKEN_CREDENTIALS names none that cmkit knows", final: true }]
      : await Promise.all(places.map(async ({ look }) => look(machine)));
  return credentialsCheck(
    "azure",
    sources,
    'run "az login", set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or give azure({ credential }); ' +
      "on an Azure machine its managed identity is found at the first call",
  );
}

type Env = Machine["env"];

interface Place {
  /** What AZURE_TOKEN_CREDENTIALS may call it. */
  readonly names: readonly string[];
  readonly look: (machine: Machine) => Promise<CredentialSource>;
}

const places: readonly Place[] = [
  { names: ["environmentcredential", "prod"], look: async ({ env }) => fromVariables(env) },
  { names: ["workloadidentitycredential", "prod"], look: async ({ env }) => fromFederation(env) },
  { names: ["managedidentitycredential", "prod"], look: async ({ env }) => fromManagedIdentity(env) },
  { names: ["azureclicredential", "dev"], look: fromAzureCli },
];

/** undefined: the variable names another one. Unset, all are asked. */
function chosenPlaces(env: Env): readonly Place[] | undefined {
  const choice = env["AZURE_TOKEN_CREDENTIALS"]?.trim().toLowerCase();
  if (!choice) return places;
  const chosen = places.filter(({ names }) => names.includes(choice));
  return chosen.length === 0 ? undefined : chosen;
}

const client = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];

async function fromVariables(env: Env): Promise<CredentialSource> {
  const secret = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"].find((name) => env[name]);
  if (secret === undefined) return {};
  const missing = client.filter((name) => !env[name]);
  if (missing.length > 0) return { problem: `${secret} is set without ${missing.join(" and ")}` };
  const path = env["AZURE_CLIENT_CERTIFICATE_PATH"];
  const problem = secret === "AZURE_CLIENT_CERTIFICATE_PATH" && path ? await fileProblem(path) : undefined;
  if (problem !== undefined) return { problem: `the file that AZURE_CLIENT_CERTIFICATE_PATH names ${problem}`, final: true };
  return { found: `AZURE_TENANT_ID, AZURE_CLIENT_ID and ${secret}` };
}

async function fromFederation(env: Env): Promise<CredentialSource> {
  const path = env["AZURE_FEDERATED_TOKEN_FILE"];
  if (!path) return {};
  const missing = client.filter((name) => !env[name]);
  if (missing.length > 0) return { problem: `AZURE_FEDERATED_TOKEN_FILE is set without ${missing.join(" and ")}` };
  const problem = await fileProblem(path);
  if (problem !== undefined) return { problem: `the file that AZURE_FEDERATED_TOKEN_FILE names ${problem}` };
  return { found: "workload identity: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE" };
}

function fromManagedIdentity(env: Env): CredentialSource {
  const name = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"].find((name) => env[name]);
  return name === undefined ? {} : { found: `managed identity: ${name}` };
}

/** `az` keeps in its profile who is logged in; its tokens are beside it, encrypted on some systems. */
async function fromAzureCli({ env, home }: Machine): Promise<CredentialSource> {
  const path = join(env["AZURE_CONFIG_DIR"] || join(home, ".azure"), "azureProfile.json");
  const file = await credentialFile(path);
  if ("absent" in file) return {};
  if ("problem" in file) return { problem: `${path} ${file.problem}` };
  const subscriptions = jsonObject(file.text)?.["subscriptions"];
  return Array.isArray(subscriptions) && subscriptions.length > 0 ? { found: `a login of the Azure CLI in ${path}` } : {};
}
