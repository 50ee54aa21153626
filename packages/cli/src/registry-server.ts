import { directFetch } from "@cmkit/core/adapter";

import { CliError } from "./cli-error.ts";
import type { Deps } from "./deps.ts";
import { registryAnswer } from "./registry-answer.ts";
import type { RegistryClient } from "./registry-client.ts";
import { networkFailure } from "./registry-network.ts";

/** A registry's server, and who we are there. */
export interface RegistryServer {
  /** `dev`: that of a `cmkit dev`. */
  readonly kind: "server" | "dev";
  readonly url: URL;
  /** Goes into a header as it is. */
  readonly token: string;
}

// An access check takes up to 5 s; behind it may stand a database that is being restarted.
const answerWithinMs = 30_000;

/** Asks a registry's server. Redirects are not followed, and what has no TLS stays on this machine and goes through no proxy. */
export function serverClient({ kind, url, token }: RegistryServer): RegistryClient {
  const base = url.href.replace(/\/+$/, "");
  const way = { kind, name: base };
  return {
    way,
    async request(method, path, body, withinMs = answerWithinMs) {
      const headers = new Headers({ authorization: `Bearer ${token}`, accept: "application/json" });
      if (body !== undefined) headers.set("content-type", "application/json");
      const signal = AbortSignal.timeout(withinMs);
      try {
        const given = { method, headers, signal, ...(body && { body: JSON.stringify(body) }) };
        return await registryAnswer(await directFetch(`${base}${path}`, given), way);
      } catch (error) {
        throw error instanceof CliError ? error : networkFailure(error, url, kind);
      }
    },
    close: async () => {},
  };
}

const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** @throws {CliError} `bad-usage` for a URL to which no token may go. */
export function serverUrl(text: string, flag: string, env: Deps["env"]): URL {
  const url = /^https?:\/\/[^\s?#\\]+$/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username !== "" || url.password !== "") {
    throw new CliError("bad-usage", `expected ${flag} to be an https URL without user, query and fragment.`, example);
  }
  if (url.protocol === "http:" && !loopback.has(url.hostname)) {
    throw new CliError("bad-usage", `expected ${flag} to be https: the token would go to ${url.host} in clear.`, example);
  }
  if (url.protocol === "https:" && env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    throw new CliError(
      "refused",
      "NODE_TLS_REJECT_UNAUTHORIZED=0 turns the checking of certificates off.",
      "Unset it; for an authority of your own, set NODE_EXTRA_CA_CERTS to its file.",
    );
  }
  return url;
}

const example = "Such as https://keys.example.com, or http://127.0.0.1:8080 on this machine.";

/** The token for a server. @throws {CliError} `bad-usage`: none, or what is no token; never with it. */
export function serverToken(env: Deps["env"]): string {
  const token = env["CMKIT_TOKEN"];
  if (token !== undefined && /^[\w.~+/=-]{1,512}$/.test(token)) return token;
  const what =
    token === undefined || token === ""
      ? "expected a token in CMKIT_TOKEN."
      : "expected CMKIT_TOKEN to be a token, and nothing else.";
  throw new CliError("bad-usage", what, "`cmkit token create`, where the registry's store is, makes one.");
}
