import { setTimeout as wait } from "node:timers/promises";
import type { Client, ClientConfig, Notification } from "pg";

import { isRegistryError } from "../registry-error.ts";
import { purgeAnnouncement, type PurgeAnnouncement } from "./purge-announcement.ts";

/** One for all that use a database: whoever listens in a neighbouring schema forgets something without need. */
export const purgeChannel = "cmkit_purge";
/** How long a connection that has silently gone may look as if nobody said anything. */
const heartbeatMs = 10_000;
const answerMs = 5_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
const endMs = 2_000;

/** Has it, though its types do not say so. */
interface Unreferenced {
  unref?(): void;
}

/**
 * A connection of its own that hears what others announce, made again whenever it is lost. A process may end while it listens.
 *
 * @param hear Never throws. Undefined: connected, so that from now on nothing is missed.
 */
export class PostgresListener {
  private readonly configure: () => Promise<ClientConfig>;
  private readonly hear: (told: PurgeAnnouncement | undefined) => void;
  private readonly stopped = new AbortController();
  private readonly running: Promise<void>;

  constructor(configure: () => Promise<ClientConfig>, hear: (told: PurgeAnnouncement | undefined) => void) {
    this.configure = configure;
    this.hear = hear;
    this.running = this.run();
  }

  /** Waits for the connection to be closed, but not long for one to a server that does not answer. */
  async end(): Promise<void> {
    this.stopped.abort();
    const enough = new AbortController();
    await Promise.race([this.running, pause(endMs, { signal: enough.signal, ref: true })]);
    enough.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const wasConnected = await this.listen().catch(() => false);
      if (wasConnected) pauseMs = firstPauseMs;
      await pause(pauseMs * (0.5 + Math.random() / 2), { signal, ref: false });
    }
  }

  /** Until the connection is lost, or nobody wants it any more. @returns Whether there was one. */
  private async listen(): Promise<boolean> {
    const { Client } = await import("pg");
    const client: Client & Unreferenced = new Client({ ...(await this.configure()), query_timeout: answerMs });
    const lost = new AbortController();
    client.on("error", () => lost.abort());
    client.on("end", () => lost.abort());
    client.on("notification", (message) => this.heard(message));
    let connected = false;
    try {
      await client.connect();
      client.unref?.();
      await client.query(`listen ${purgeChannel}`);
      connected = true;
      await this.whileAlive(client, AbortSignal.any([this.stopped.signal, lost.signal]));
    } finally {
      await client.end().catch(() => {});
    }
    return connected;
  }

  private async whileAlive(client: Client, over: AbortSignal): Promise<void> {
    if (!over.aborted) this.hear(undefined);
    while (!over.aborted) {
      await pause(heartbeatMs, { signal: over, ref: false });
      if (!over.aborted) await client.query("select 1");
    }
  }

  private heard({ channel, payload }: Notification): void {
    if (this.stopped.signal.aborted || channel !== purgeChannel) return;
    const told = announced(payload);
    if (told !== undefined) this.hear(told);
  }
}

/** Undefined: what cmkit does not say. */
function announced(payload: string | undefined): PurgeAnnouncement | undefined {
  try {
    return purgeAnnouncement.read({ payload });
  } catch (error) {
    if (isRegistryError(error)) return undefined;
    throw error;
  }
}

/** Over early, too, when the signal says so. */
async function pause(ms: number, options: { readonly signal: AbortSignal; readonly ref: boolean }): Promise<void> {
  await wait(ms, undefined, options).catch(() => {});
}
