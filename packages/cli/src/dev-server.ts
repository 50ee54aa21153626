import { endpointAt } from "./dev-endpoint.ts";
import { fieldsOf, textAt } from "./strict-json.ts";

/** The registry server of a `cmkit dev`. */
export interface DevServer {
  /** Plain HTTP on loopback. */
  readonly url: string;
  /** For all projects, as an operator; new at every start. */
  readonly token: string;
}

/** @throws {TypeError} that says what was expected, without values. */
export function parseDevServer(value: unknown): DevServer {
  const { url, token } = fieldsOf(value, "server", ["url", "token"]);
  return { url: endpointAt(url, "server.url"), token: textAt(token, "server.token", /^cmkit_[\w-]{16,256}$/, "a token") };
}
