import { access, constants } from "node:fs/promises";

import { type AwsProfile, awsProfile } from "./aws-profile.ts";
import type { Check } from "./check.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A place where the AWS SDK looks for credentials: what is there, or why what is there cannot work. */
interface Source {
  readonly found?: string;
  readonly problem?: string;
}

/**
 * Which sources of AWS credentials are visible, in the order in which the SDK asks them, without asking anybody. Names
 * are printed, values never.
 */
export async function awsCredentialsCheck(env: Env, home: string): Promise<Check> {
  const profile = await awsProfile(env, home);
  const sources = [fromEnvironment(env, profile), fromProfile(profile), await fromWebIdentity(env), fromContainer(env)];
  const found = sources.flatMap((source) => source.found ?? []);
  const problems = sources.flatMap((source) => source.problem ?? []);
  const broken = profile.chosen && profile.source === undefined;
  const name = "aws credentials";
  const [first, ...others] = found;
  if (first !== undefined && !broken) {
    const also = others.length === 0 ? "" : `; not used beside it: ${others.join("; ")}`;
    return { name, state: "ok", found: `${first}${also}`, todo: null, needed: false };
  }
  if (problems.length > 0) return { name, state: "wrong", found: problems.join("; "), todo: "mend or unset it", needed: false };
  return {
    name,
    state: "missing",
    found: "none in variables or files",
    todo: 'set AWS_PROFILE, run "aws configure" or give aws({ credentials }); on an AWS machine its role is found at the first call',
    needed: false,
  };
}

function fromEnvironment(env: Env, profile: AwsProfile): Source {
  // The SDK passes variables over when a profile is named.
  if (profile.chosen) return {};
  return pair(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

function fromProfile({ name, chosen, exists, source, files, unreadable }: AwsProfile): Source {
  const where = files.join(" and ");
  if (source !== undefined) return { found: `profile ${name} (${source}) in ${where}` };
  if (unreadable.length > 0) return { problem: `${unreadable.join(" and ")} cannot be read` };
  if (!chosen) return {};
  if (exists) return { problem: `AWS_PROFILE names ${name}, which has no credentials in ${where}` };
  return { problem: `AWS_PROFILE names ${name}, which is not in ${where === "" ? "any file" : where}` };
}

async function fromWebIdentity(env: Env): Promise<Source> {
  const source = pair(env, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN");
  const file = env["AWS_WEB_IDENTITY_TOKEN_FILE"];
  if (source.found === undefined || file === undefined) return source;
  return access(file, constants.R_OK).then(
    () => ({ found: `web identity: ${source.found}` }),
    () => ({ problem: "AWS_WEB_IDENTITY_TOKEN_FILE names a file that cannot be read" }),
  );
}

function fromContainer(env: Env): Source {
  const name = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"].find((name) => env[name]);
  return name === undefined ? {} : { found: `container: ${name}` };
}

function pair(env: Env, one: string, other: string): Source {
  if (env[one] && env[other]) return { found: `${one} and ${other}` };
  if (env[one]) return { problem: `${one} is set without ${other}` };
  if (env[other] && other !== "AWS_ROLE_ARN") return { problem: `${other} is set without ${one}` };
  return {};
}
