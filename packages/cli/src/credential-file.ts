import { readFileBounded } from "./bounded-read.ts";
import { errorCode } from "./cli-error.ts";

const maxBytes = 1024 * 1024;

/** A file that holds credentials: its text, or in words why there is none. The text stays within the check that reads it. */
export type CredentialFile = { readonly text: string } | { readonly absent: true } | { readonly problem: string };

/** Reads one. What is larger than any of them is not one. */
export async function credentialFile(path: string): Promise<CredentialFile> {
  try {
    const bytes = await readFileBounded(path, maxBytes);
    // Azure's tools write a byte order mark, which the decoder leaves out.
    return bytes === undefined ? { problem: "is too large" } : { text: new TextDecoder().decode(bytes) };
  } catch (error) {
    const code = errorCode(error);
    return code === "ENOENT" || code === "ENOTDIR" ? { absent: true } : { problem: "cannot be read" };
  }
}

/** As {@link credentialFile}, for one that must be there: only its problem, if it has one. */
export async function fileProblem(path: string): Promise<string | undefined> {
  const file = await credentialFile(path);
  if ("absent" in file) return "is not there";
  return "problem" in file ? file.problem : undefined;
}

/** The members of a JSON object; undefined for anything else. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
