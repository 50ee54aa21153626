import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { python, pythonEnv } from "./python-environment.ts";

/** A cloud's SDK for Python threw this. */
export class PythonError extends Error {
  override readonly name: string;

  constructor({ name, message }: { readonly name: string; readonly message: string }) {
    super(`${name}: ${message}`);
    this.name = name;
  }
}

/** One of the scripts in `python/`, which calls a cloud's SDK for us. @see python/answering.py */
export class PythonSdk {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly replies: AsyncIterator<string>;

  constructor(script: string, settings: unknown) {
    const file = fileURLToPath(new URL(`python/${script}`, import.meta.url));
    this.child = spawn(python, [file, JSON.stringify(settings)], {
      env: { ...process.env, ...pythonEnv },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.replies = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    // Its end is seen where the next reply is missing.
    this.child.stdin.on("error", () => undefined);
  }

  /** One request at a time. Rejects with a {@link PythonError} when the SDK threw. */
  async call(operation: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify({ do: operation, ...request })}\n`);
    const { value, done } = await this.replies.next();
    if (done === true) throw new Error("the script ended without an answer: what it printed on stderr says why");
    const reply = JSON.parse(value) as {
      readonly ok?: unknown;
      readonly error?: { readonly name: string; readonly message: string };
    };
    if (reply.error !== undefined) throw new PythonError(reply.error);
    return reply.ok;
  }

  async close(): Promise<void> {
    const ended = this.child.exitCode === null ? once(this.child, "exit") : undefined;
    this.child.stdin.end();
    await ended;
  }
}
