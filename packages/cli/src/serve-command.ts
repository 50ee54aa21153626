import { resolve } from "node:path";

import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { isExposed, ownersFiles } from "./exposed-files.ts";
import { type Log, logLines } from "./log-lines.ts";
import type { NamedFile } from "./named-file.ts";
import { readRegistryConfig } from "./registry-config.ts";
import { openRegistry } from "./server-registry.ts";
import { startServer } from "./server-start.ts";

/** The options of `cmkit serve`. */
export interface ServeOptions {
  readonly config: string;
  readonly port: number;
  readonly host: string;
  readonly opsPort?: number;
  readonly opsHost: string;
  readonly json?: boolean;
}

/** Serves a registry until the process is asked to end. */
export async function serveCommand(options: ServeOptions, deps: Deps, io: Io): Promise<number> {
  const askedToEnd = deps.untilAskedToEnd();
  const log = logLines(io.stderr);
  const file = { path: resolve(deps.cwd, options.config), name: options.config };
  const config = await readRegistryConfig(file);
  const opened = await openRegistry(config);
  await logExposed(ownersFiles(file, config), log);
  try {
    const { host, port, opsHost, opsPort } = options;
    if (host === "" || opsHost === "") throw new CliError("bad-usage", "--host and --ops-host need an address.");
    const ops = opsPort === undefined ? undefined : { host: opsHost, port: opsPort };
    const server = await startServer(opened, { place: { host, port }, ops, log });
    try {
      tellPlaces(server, options, io, log);
      await askedToEnd;
      log.info("ending");
    } finally {
      await server.close();
    }
  } finally {
    await opened.close();
  }
  log.info("ended");
  return 0;
}

async function logExposed(files: readonly NamedFile[], log: Log): Promise<void> {
  for (const file of files) if (await isExposed(file)) log.warn({ file: file.path }, "others can read this file: chmod 600 it");
}

function tellPlaces(
  { url, opsUrl }: { url: string; opsUrl: string | undefined },
  { json }: ServeOptions,
  io: Io,
  log: Log,
): void {
  if (json) io.stdout(`${JSON.stringify({ url, opsUrl: opsUrl ?? null, pid: process.pid })}\n`);
  else io.stdout(`cmkit listening on ${url}\n${opsUrl === undefined ? "" : `cmkit metrics on ${opsUrl}/metrics\n`}`);
  log.info({ listening: url, ops: opsUrl }, "listening");
  if (!isLoopback(url)) log.warn("reached from other machines without TLS: a proxy has to be in front");
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "[::1]" || hostname.startsWith("127.");
}
