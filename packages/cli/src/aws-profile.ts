import { join } from "node:path";

import { readFileBounded } from "./bounded-read.ts";
import { errorCode } from "./cli-error.ts";

/** What the AWS files say of one profile. */
export interface AwsProfile {
  readonly name: string;
  /** AWS_PROFILE names it, so that nothing else may take its place. */
  readonly chosen: boolean;
  /** Whether either file has it. */
  readonly exists: boolean;
  /** How it gets credentials, in words; undefined when it has none. */
  readonly source: string | undefined;
  /** The files that are there, and those that cannot be read. */
  readonly files: readonly string[];
  readonly unreadable: readonly string[];
}

const sources: readonly (readonly [setting: string, source: string])[] = [
  ["role_arn", "a role"],
  ["sso_session", "IAM Identity Center"],
  ["sso_start_url", "IAM Identity Center"],
  ["login_session", "a console sign-in"],
  ["credential_process", "a credential process"],
  ["aws_access_key_id", "an access key"],
];
const maxBytes = 1024 * 1024;

/** Reads which profile is used and how it gets credentials: the names of its settings, not their values. */
export async function awsProfile(env: Readonly<Record<string, string | undefined>>, home: string): Promise<AwsProfile> {
  const config = await settingsIn(env["AWS_CONFIG_FILE"] || join(home, ".aws", "config"));
  const credentials = await settingsIn(env["AWS_SHARED_CREDENTIALS_FILE"] || join(home, ".aws", "credentials"));
  const name = env["AWS_PROFILE"] || "default";
  // The config file says [profile name], and [default] for the one called so; the credentials file says [name].
  const inConfig = config.sections.get(`profile ${name}`) ?? (name === "default" ? config.sections.get(name) : undefined);
  const inCredentials = credentials.sections.get(name);
  const settings = new Set([...(inConfig ?? []), ...(inCredentials ?? [])]);
  return {
    name,
    chosen: Boolean(env["AWS_PROFILE"]),
    exists: inConfig !== undefined || inCredentials !== undefined,
    source: sources.find(([setting]) => settings.has(setting))?.[1],
    files: [config, credentials].filter(({ state }) => state === "read").map(({ path }) => path),
    unreadable: [config, credentials].filter(({ state }) => state === "unreadable").map(({ path }) => path),
  };
}

interface SettingsFile {
  readonly path: string;
  readonly state: "read" | "absent" | "unreadable";
  /** The names of the settings in each section. */
  readonly sections: ReadonlyMap<string, ReadonlySet<string>>;
}

async function settingsIn(path: string): Promise<SettingsFile> {
  try {
    const bytes = await readFileBounded(path, maxBytes);
    if (bytes !== undefined) return { path, state: "read", sections: sectionsOf(Buffer.from(bytes).toString()) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { path, state: "absent", sections: new Map() };
  }
  return { path, state: "unreadable", sections: new Map() };
}

function sectionsOf(text: string): Map<string, Set<string>> {
  const sections = new Map<string, Set<string>>();
  let current = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const [, section] = /^\s*\[([^\]]+)\]/.exec(line) ?? [];
    const [, setting] = /^([\w-]+)\s*=\s*\S/.exec(line) ?? []; // an indented line belongs to the setting above
    if (section !== undefined) {
      const name = section.trim().replaceAll(/\s+/g, " ").replaceAll(/["']/g, "");
      current = sections.get(name) ?? new Set();
      sections.set(name, current);
    } else if (setting !== undefined) current.add(setting.toLowerCase());
  }
  return sections;
}
