import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Soak } from "../soak/soak.ts";
import type { Weather } from "./weather.ts";

/** A process of a run: it is told the weather, says things line by line, and may be killed at any moment. */
export class ChaosProcess<Line> {
  /** Whether this run has ended it. */
  wasKilled = false;
  private readonly file: string;
  private readonly child: ChildProcess;
  /** Once everything that it said has been heard. */
  readonly ended: Promise<unknown>;

  /** @param file In this directory. @param settings What it is started with: goes through JSON. */
  constructor(soak: Soak, file: string, settings: object, onLine: (line: Line) => void) {
    this.file = file;
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.child = spawn(process.execPath, ["--conditions=@cmkit/source", path, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    this.ended = once(this.child, "close");
    this.child.on("error", () => {}); // told after it has ended
    if (this.child.stdout === null) throw new TypeError("expected a pipe");
    createInterface({ input: this.child.stdout }).on("line", (text) => {
      const line = parsed(text);
      if (line !== undefined) onLine(line as Line);
    });
    soak.atEnd(async () => this.kill());
    soak.atExit(() => this.child.kill("SIGKILL"));
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How it ended by itself, where it should not have. */
  get failure(): string | undefined {
    const { exitCode, signalCode } = this.child;
    const hasFailed = !this.isAlive && !this.wasKilled && exitCode !== 0;
    return hasFailed ? `${this.file} ended by itself: ${signalCode ?? exitCode}` : undefined;
  }

  tell(weather: Weather): void {
    if (this.child.connected) this.child.send(weather, () => {}); // it may end meanwhile
  }

  /** SIGTERM. */
  async end(): Promise<void> {
    if (this.isAlive) this.wasKilled = true;
    this.child.kill("SIGTERM");
    await this.ended;
  }

  /** SIGKILL. Everything that it said has been heard then. */
  async kill(): Promise<void> {
    if (this.isAlive) this.wasKilled = true;
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** The last line may be cut off: nobody has been told of it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
