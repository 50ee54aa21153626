interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * For each name, at most so many at once in this process: the others wait in the order in which they came, and hold no
 * connection that those of other names need.
 */
export class Turns {
  private readonly atOnce: number;
  private readonly lines = new Map<string, Line>();

  constructor(atOnce: number) {
    this.atOnce = atOnce;
  }

  async take<T>(name: string, run: () => Promise<T>): Promise<T> {
    const line = this.lines.get(name) ?? { running: 0, waiting: [] };
    this.lines.set(name, line);
    if (line.running < this.atOnce) line.running += 1;
    else await new Promise<void>((begin) => line.waiting.push(begin));
    try {
      return await run();
    } finally {
      this.leave(name, line);
    }
  }

  /** The next in line takes the place, or nobody does. */
  private leave(name: string, line: Line): void {
    const next = line.waiting.shift();
    if (next !== undefined) return next();
    line.running -= 1;
    if (line.running === 0) this.lines.delete(name);
  }
}
