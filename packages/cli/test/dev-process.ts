import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL";

/** A `cmkit dev` in a process of its own. */
export interface DevProcess {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly ready: string;
  /** Sends the signals, waits for the end and gives exit code, signal and what it printed on stderr. */
  end(...signals: readonly Signal[]): Promise<{ exitCode: number | null; signal: Signal | null; stderr: string }>;
}

/** Starts one and waits for its line of JSON. */
export async function startDev(...args: readonly string[]): Promise<DevProcess> {
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", main, "dev", "--json", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close") as Promise<[number | null, Signal | null]>;
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout });
  const [ready] = await Promise.race([once(lines, "line") as Promise<[string]>, ended.then(() => [undefined])]);
  if (ready === undefined || child.pid === undefined) throw new Error(`cmkit dev ended before it was ready: ${stderr}`);
  return {
    pid: child.pid,
    ready,
    async end(...signals) {
      for (const signal of signals) child.kill(signal);
      const [exitCode, signal] = await ended;
      return { exitCode, signal, stderr };
    },
  };
}
