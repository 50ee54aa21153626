import type { Purge } from "../store.ts";
import type { Announcements } from "./sql-engine.ts";

type PurgeListener = (purge: Purge | undefined) => void;

/** Those in this process who want to hear of purges. As long as there are any, the store listens for what others tell. */
export class PurgeListeners {
  private readonly announcements: Announcements | undefined;
  /** In a box of its own each: the same function may have been given twice. */
  private readonly boxes = new Set<{ readonly listener: PurgeListener }>();
  private end: (() => Promise<void>) | undefined;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(announcements: Announcements | undefined) {
    this.announcements = announcements;
  }

  /** @returns Ends it. */
  add(listener: PurgeListener): () => void {
    const box = { listener };
    this.boxes.add(box);
    this.end ??= this.announcements?.listen((purge) => this.tell(purge));
    return () => {
      this.boxes.delete(box);
      if (this.boxes.size === 0) this.stop();
    };
  }

  tell(purge: Purge | undefined): void {
    for (const { listener } of this.boxes) {
      try {
        listener(purge);
      } catch {
        // Its own affair: the others must hear of it too.
      }
    }
  }

  async close(): Promise<void> {
    this.boxes.clear();
    this.stop();
    await this.ended;
  }

  private stop(): void {
    const { end } = this;
    this.end = undefined;
    if (end !== undefined) this.ended = Promise.allSettled([this.ended, end()]);
  }
}
