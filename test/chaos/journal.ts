/** What happened in a run, and when, in seconds since it was set up: for whoever wants to know why it went wrong. */
export class Journal {
  readonly lines: string[] = [];
  private readonly startedMs = performance.now();

  add(what: string): void {
    this.lines.push(`${((performance.now() - this.startedMs) / 1000).toFixed(1)} s: ${what}`);
  }
}
