import type { Authenticator, Principal } from "../../src/api-tokens.ts";
import type { Role } from "../../src/cmk-record.ts";
import { registryApp, type RegistryApp, type RequestEntry } from "../../src/http/index.ts";
import { FakeRegistry } from "./fake-registry.ts";

export const cmks = "/v1/project/acme/secrets/cmks";
export const resource = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
export const unknownId = "00000000-0000-4000-8000-000000000000";

/** A request and what came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Asked {
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
  /** `operator` and `viewer` of acme, `everything` for all projects, `other` of another; null for none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The application over a fake registry, and what it logs. */
export interface Api {
  readonly registry: FakeRegistry;
  readonly app: RegistryApp;
  readonly entries: RequestEntry[];
  /** Thrown by the next look at a token. */
  readonly failTokens: (error: unknown) => void;
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answer>;
  /** Registers a key and gives its id. */
  readonly create: (of?: string) => Promise<string>;
}

const principals: ReadonlyMap<string, readonly [Role, string]> = new Map([
  ["operator", ["operator", "acme"]],
  ["viewer", ["viewer", "acme"]],
  ["everything", ["operator", "*"]],
  ["watcher", ["viewer", "*"]],
  ["other", ["operator", "globex"]],
]);

export function api(): Api {
  const registry = new FakeRegistry();
  const entries: RequestEntry[] = [];
  let failure: unknown;
  const tokens: Authenticator = {
    async authenticate(token) {
      const error = failure;
      failure = undefined;
      if (error !== undefined) throw error;
      return principalOf(token);
    },
  };
  let ms = 0;
  const app = registryApp(registry, { tokens, onRequest: (entry) => entries.push(entry), now: () => (ms += 5) });
  const ask = async (method: string, path: string, asked: Asked = {}): Promise<Answer> => {
    const answer = await app.fetch(requestOf(method, path, asked));
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) as Record<string, unknown> };
  };
  const create = async (of = resource): Promise<string> => {
    const { json } = await ask("POST", cmks, { body: { provider: "aws", resource: of } });
    return (json["cmk"] as { id: string }).id;
  };
  return { registry, app, entries, ask, create, failTokens: (error) => (failure = error) };
}

/** Aiven's message and our code, for an answer that refuses. */
export function refusalOf({ status, json }: Answer): { status: number; code: string; message: string } {
  const [first] = json["errors"] as [{ message: string; status: number; error_code: string }];
  if (first.status !== status || first.message !== json["message"]) throw new Error("the answer says two things");
  return { status, code: first.error_code, message: first.message };
}

function principalOf(token: string): Principal | undefined {
  const known = principals.get(token);
  return known && { actor: `token:${token}`, role: known[0], project: known[1] };
}

function requestOf(method: string, path: string, { body, token = "operator", headers = {} }: Asked): Request {
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  return new Request(`http://cmkit.test${path}`, { method, headers: { ...authorization, ...headers }, ...sent });
}
