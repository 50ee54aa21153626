import { type Command, InvalidArgumentError } from "commander";

import type { Deps, Io } from "./deps.ts";
import type { ServeOptions } from "./serve-command.ts";

/** Adds `cmkit serve`. */
export function addServeCommand(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  program
    .command("serve")
    .requiredOption("--config <file>", "a cmkit.json, as `cmkit init` makes it")
    .option("--port <n>", "where the HTTP API listens; 0: any free port", port, 8080)
    .option("--host <address>", "the address that it listens on; this machine alone unless you say otherwise", "127.0.0.1")
    .option("--ops-port <n>", "also serve /metrics, /healthz and /readyz there, without tokens", port)
    .option("--ops-host <address>", "the address for --ops-port", "127.0.0.1")
    .option("--json", "print where it listens as one line of JSON")
    .description("Serve a registry's HTTP API until it is asked to end.")
    .addHelpText("after", help)
    .action(async (options: ServeOptions) => {
      // Loaded only now: the other commands start without a server.
      const { serveCommand } = await import("./serve-command.ts");
      done(await serveCommand(options, deps, io));
    });
}

const help = `
It speaks plain HTTP: TLS is a proxy's job, and so is whatever limits clients beyond time and size.
Start as many as you like on one PostgreSQL store; several on one machine may share a SQLite file.

The log, JSON lines on standard error, has no token, header, body or error text, and once a minute
the head of the audit log: keep it where the store's writers cannot change it. SIGTERM or SIGINT
ends it: what runs has 10 seconds to be answered.

/healthz answers while it runs, /readyz while its store does; both need no token, on either port.
Its description is at /openapi.json. Metrics name no project and no key.

Examples:
  cmkit serve --config DIR/cmkit.json --port 8080 --ops-port 9090
  cmkit serve --config DIR/cmkit.json --port 0 --json`;

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 65_535) throw new InvalidArgumentError("Expected a whole number from 0 to 65535.");
  return value;
}
