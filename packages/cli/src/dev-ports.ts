import { once } from "node:events";
import { createServer } from "node:net";

import { CliError, errorCode } from "./cli-error.ts";

/** Where the emulators and the registry of a `cmkit dev` listen on 127.0.0.1; 0 is any free port. */
export interface DevPorts {
  readonly aws: number;
  readonly gcp: number;
  readonly azure: number;
  readonly oci: number;
  readonly gcpGrpc: number;
  readonly registry: number;
}

const names: Readonly<Record<keyof DevPorts, string>> = {
  aws: "AWS",
  gcp: "Google Cloud",
  azure: "Azure",
  oci: "OCI",
  gcpGrpc: "gRPC of Google Cloud",
  registry: "registry",
};

/** The highest port that `--port` takes: five more follow it. */
export const lastFirstPort: number = 65_535 - (Object.keys(names).length - 1);

/** `first` and those that follow it, in the order of {@link DevPorts}; or any. */
export function devPorts(first: number): DevPorts {
  const at = (offset: number): number => (first === 0 ? 0 : first + offset);
  return { aws: at(0), gcp: at(1), azure: at(2), oci: at(3), gcpGrpc: at(4), registry: at(5) };
}

/**
 * Tries the ports before any key is made, which takes seconds.
 * @throws {CliError} `refused`: with the port, what it is for, and what to do.
 */
export async function refuseUsedPorts(ports: DevPorts): Promise<void> {
  for (const name of Object.keys(names) as (keyof DevPorts)[]) {
    const port = ports[name];
    if (port !== 0) await listenOnce(port).catch(refuse(port, names[name]));
  }
}

async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

/** What it means that nothing can listen on a port. */
function refuse(port: number, what: string): (error: unknown) => never {
  return (error) => {
    const code = errorCode(error);
    if (code === "EADDRINUSE") {
      const next = "Give another with --port, of which the five after it are free too; or leave --port out for any free ones.";
      throw new CliError("refused", `Port ${port} (${what}) is in use.`, next);
    }
    if (code !== "EACCES") throw error;
    throw new CliError("refused", `Port ${port} (${what}) may not be used by you.`, "Give one above 1023 with --port.");
  };
}
