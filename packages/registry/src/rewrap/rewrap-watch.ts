import type { Clock } from "@cmkit/core";

import type { RewrapProgress } from "../rewrap-progress.ts";

const everyMs = 500;

/** Tells somebody how far a rewrap has come, for as long as it runs. */
export class RewrapWatch {
  private readonly clock: Clock;
  private readonly ask: () => Promise<RewrapProgress>;
  private readonly tell: (progress: RewrapProgress) => void;
  private timer: { cancel(): void } | undefined;
  private stopped = false;

  constructor(clock: Clock, ask: () => Promise<RewrapProgress>, tell: (progress: RewrapProgress) => void) {
    this.clock = clock;
    this.ask = ask;
    this.tell = tell;
    this.again();
  }

  /** The last word. */
  end(progress: RewrapProgress): void {
    this.stop();
    this.say(progress);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private again(): void {
    this.timer = this.clock.after(everyMs, () => void this.once());
  }

  /** What cannot be read now is read the next time. */
  private async once(): Promise<void> {
    const progress = await this.ask().catch(() => undefined);
    if (this.stopped) return;
    if (progress !== undefined) this.say(progress);
    this.again();
  }

  /** What the listener throws is dropped. */
  private say(progress: RewrapProgress): void {
    try {
      this.tell(progress);
    } catch {}
  }
}
