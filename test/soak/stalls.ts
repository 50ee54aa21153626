const beatMs = 100;

/** How long this process stood still at most: what it measures of others is no better than that. */
export class Stalls {
  private longestMs = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => this.beat(), beatMs).unref();

  /** @returns Such as `120 ms`. */
  end(): string {
    this.beat();
    clearInterval(this.timer);
    return `${Math.round(this.longestMs)} ms`;
  }

  private beat(): void {
    const now = performance.now();
    this.longestMs = Math.max(this.longestMs, now - this.last - beatMs);
    this.last = now;
  }
}
