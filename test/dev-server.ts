import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));

/** A running `cmkit dev`. */
export interface DevServer extends AsyncDisposable {
  readonly directory: string;
  /** Its cmkit.dev.json. */
  readonly file: string;
}

/** Starts `cmkit dev` from source in a directory of its own, and waits until it is ready. */
export async function startDev(): Promise<DevServer> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-dev-`);
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", cli, "dev", "--dir", directory, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [ready] = (await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended])) as [unknown];
  if (typeof ready !== "string") throw new Error(`cmkit dev ended before it was ready: ${String(ready)}`);
  return {
    directory,
    file: `${directory}/cmkit.dev.json`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}
