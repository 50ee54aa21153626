import { join } from "node:path";

import { credentialFile } from "./credential-file.ts";
import type { Machine } from "./credentials-check.ts";

/** The profile DEFAULT of the OCI configuration file: its settings, or in words why there are none. */
export type OciProfile =
  | { readonly path: string; readonly settings: ReadonlyMap<string, string> }
  | { readonly problem: string }
  | { readonly absent: true };

/**
 * Reads the file that the SDK reads, in the order of `ConfigFileReader.parseDefault` in oci-common: the file at the usual
 * place goes before the one that OCI_CONFIG_FILE names.
 */
export async function ociProfile({ env, home }: Pick<Machine, "env" | "home">): Promise<OciProfile> {
  const named = env["OCI_CONFIG_FILE"];
  const paths = [join(home, ".oci", "config"), ...(named ? [atHome(named, home)] : []), join(home, ".oraclebmc", "config")];
  for (const path of paths) {
    const file = await credentialFile(path);
    if ("problem" in file) return { problem: `${path} ${file.problem}` };
    if ("text" in file) return profileIn(path, file.text);
  }
  return named ? { problem: "OCI_CONFIG_FILE names a file that is not there" } : { absent: true };
}

/** A path in which ~ stands for the home directory. */
export function atHome(path: string, home: string): string {
  return /^~[/\\]/.test(path) ? join(home, path.slice(2)) : path;
}

function profileIn(path: string, text: string): OciProfile {
  const profiles = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name] = /^\[(.*)\]$/.exec(line) ?? [];
    const [, setting, value] = /^([^=]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      current = profiles.get(name.trim()) ?? new Map();
      profiles.set(name.trim(), current);
    } else if (setting === undefined || value === undefined || current === undefined) {
      return { problem: `${path} has a line that is neither a profile nor a setting` };
    } else current.set(setting, value);
  }
  const settings = profiles.get("DEFAULT");
  return settings === undefined ? { problem: `${path} has no profile DEFAULT` } : { path, settings };
}
