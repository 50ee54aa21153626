import type { RegistryWay } from "./registry-advice.ts";

/** A method of the registry's HTTP API. */
export type RegistryMethod = "GET" | "POST" | "DELETE";

export type RegistryBody = Readonly<Record<string, string | number | boolean>>;

/** One way to a registry: a server, or a store that this process opens. Both answer alike. */
export interface RegistryClient {
  readonly way: RegistryWay;
  /**
   * Asks the registry's HTTP API.
   *
   * @param path From `/v1` on, encoded; see {@link cmksPath}.
   * @param withinMs Default 30 s. A store of this process takes what it takes.
   * @returns The JSON of the answer, whose shape nobody has looked at yet.
   * @throws {CliError} `refused`: for every answer but 2xx, and where there is none, with what to do next.
   */
  request(method: RegistryMethod, path: string, body?: RegistryBody, withinMs?: number): Promise<unknown>;
  close(): Promise<void>;
}

/** The path of a project's keys, or of something of one: `cmksPath("acme", id, "access_check")`. */
export function cmksPath(project: string, ...parts: readonly string[]): string {
  return ["/v1/project", ...[project, "secrets", "cmks", ...parts].map(encodeURIComponent)].join("/");
}
