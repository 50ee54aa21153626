import { CliError } from "./cli-error.ts";

/** A run from start to end, of which something may be left going on when it has been interrupted. */
export class Course {
  private readonly aborter = new AbortController();
  private readonly closing: (() => Promise<void>)[] = [];
  private finishing = false;
  private interruption: CliError | undefined;
  private ended = false;

  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** What is to be closed at the end; at once, if that has been. */
  async closes(close: () => Promise<void>): Promise<void> {
    this.closing.push(close);
    if (!this.ended) return;
    await close();
    this.signal.throwIfAborted();
  }

  /** From here on it is too late to interrupt. */
  finish(): void {
    this.signal.throwIfAborted();
    this.finishing = true;
  }

  async interrupt(): Promise<never> {
    if (this.finishing) return new Promise(() => {});
    this.interruption = new CliError("refused", "Interrupted. Nothing was written under the final name.");
    this.aborter.abort();
    throw this.interruption;
  }

  /** An interruption is what anything ended for that broke off after it. */
  causeOf(error: unknown): unknown {
    return this.interruption ?? error;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.aborter.abort();
    for (const close of this.closing.toReversed()) await close();
  }
}
