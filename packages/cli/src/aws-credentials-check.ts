import { access, constants } from "node:fs/promises";

import { type AwsProfile, awsProfile } from "./aws-profile.ts";
import type { Check } from "./check.ts";
import { type CredentialSource, credentialsCheck, type Machine } from "./credentials-check.ts";

/** Which sources of AWS credentials are visible, in the order in which the SDK asks them, without asking anybody. */
export async function awsCredentialsCheck({ env, home }: Machine): Promise<Check> {
  const profile = await awsProfile(env, home);
  const sources = [fromEnvironment(env, profile), fromProfile(profile), await fromWebIdentity(env), fromContainer(env)];
  return credentialsCheck(
    "aws",
    sources,
    'set AWS_PROFILE, run "aws configure" or give aws({ credentials }); on an AWS machine its role is found at the first call',
  );
}

type Env = Machine["env"];

function fromEnvironment(env: Env, profile: AwsProfile): CredentialSource {
  // The SDK passes variables over when a profile is named.
  if (profile.chosen) return {};
  return pair(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

function fromProfile({ name, chosen, exists, source, files, unreadable }: AwsProfile): CredentialSource {
  const where = files.join(" and ");
  if (source !== undefined) return { found: `profile ${name} (${source}) in ${where}` };
  if (unreadable.length > 0) return { problem: `${unreadable.join(" and ")} cannot be read`, final: chosen };
  if (!chosen) return {};
  if (exists) return { problem: `AWS_PROFILE names ${name}, which has no credentials in ${where}`, final: true };
  return { problem: `AWS_PROFILE names ${name}, which is not in ${where === "" ? "any file" : where}`, final: true };
}

async function fromWebIdentity(env: Env): Promise<CredentialSource> {
  const source = pair(env, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN");
  const file = env["AWS_WEB_IDENTITY_TOKEN_FILE"];
  if (source.found === undefined || file === undefined) return source;
  return access(file, constants.R_OK).then(
    () => ({ found: `web identity: ${source.found}` }),
    () => ({ problem: "AWS_WEB_IDENTITY_TOKEN_FILE names a file that cannot be read" }),
  );
}

function fromContainer(env: Env): CredentialSource {
  const name = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"].find((name) => env[name]);
  return name === undefined ? {} : { found: `container: ${name}` };
}

function pair(env: Env, one: string, other: string): CredentialSource {
  if (env[one] && env[other]) return { found: `${one} and ${other}` };
  if (env[one]) return { problem: `${one} is set without ${other}` };
  if (env[other] && other !== "AWS_ROLE_ARN") return { problem: `${other} is set without ${one}` };
  return {};
}
