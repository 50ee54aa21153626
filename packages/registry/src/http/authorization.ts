import type { Authenticator, Principal } from "../api-tokens.ts";
import { checkedProject } from "../project-cmks.ts";
import { RegistryError } from "../registry-error.ts";

// RFC 6750 §2.1 b64token; `aivenv1` is what Aiven's clients send. Longer is no token of anyone's.
const authorizationGrammar = /^(?:bearer|aivenv1) +([A-Za-z0-9\-._~+/]{1,512}=*)$/i;

/** Who asks. @throws {RegistryError} `unauthenticated` */
export async function authenticated(header: string | null, tokens: Authenticator): Promise<Principal> {
  const token = authorizationGrammar.exec(header ?? "")?.[1];
  const principal = token === undefined ? undefined : await tokens.authenticate(token);
  if (principal === undefined) throw new RegistryError("unauthenticated");
  return principal;
}

/** @throws {RegistryError} `not-found`: in the words of a CMK that does not exist. */
export function checkReach({ project }: Principal, asked: string): void {
  if (!(isProject(asked) && (project === "*" || project === asked))) throw new RegistryError("not-found");
}

/** @param why What it is about, as a sentence begins. @throws {RegistryError} `forbidden` */
export function refuseProjectToken({ project }: Principal, why: string): void {
  if (project !== "*") throw new RegistryError("forbidden", `${why}, so it takes a token for all projects.`);
}

function isProject(name: string): boolean {
  try {
    checkedProject(name);
    return true;
  } catch {
    return false;
  }
}
