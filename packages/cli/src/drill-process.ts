import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type Envelope, fromText, isKmsError } from "@cmkit/core";
import { isRegistryError } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { drillRegistry } from "./drill-registry.ts";
import { drillContext, type DrillDeed, drillNowMs, type DrillSaid, drillService, type DrillTask } from "./drill-task.ts";

/** Between two attempts. */
const everyMs = 100;

/** A process of `cmkit drill`: does what it is told over its channel until that is closed. */
export async function drillProcess(): Promise<void> {
  // A terminal's Ctrl-C reaches every process; the one that started this one ends it.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const ended = new AbortController();
  process.on("disconnect", () => ended.abort());
  // Whoever listened may be gone: then it is about to end.
  const say = (said: DrillSaid | { readonly ready: true }): void => void (process.connected && process.send?.(said, () => {}));
  const told = once(process, "message") as Promise<[DrillTask]>;
  say({ ready: true });
  const [task] = await told;
  try {
    await drillDeeds(task, ended.signal, (deed) => say({ deed }));
  } catch (error) {
    say({ failed: reasonFor(error) });
  } finally {
    if (process.connected) process.disconnect?.();
  }
}

/** Reads or writes several times a second, from a registry of its own, until it is ended. */
export async function drillDeeds(task: DrillTask, signal: AbortSignal, done: (deed: DrillDeed) => void): Promise<void> {
  const { options, cwd, project, ttlMs, waitMs } = task;
  const opened = await drillRegistry(options, { cwd }, { stderr: () => {} }); // who started it has said what is worth saying
  try {
    const act = deedOf(task, opened.registry.envelope({ service: drillService, cache: { ttlMs } }), drillContext(project));
    for (let next = waitMs; await waited(next, signal); next = everyMs) done(await attempt(act));
  } finally {
    await opened.close();
  }
}

function deedOf({ role, sealed }: DrillTask, box: Envelope, how: ReturnType<typeof drillContext>): () => Promise<unknown> {
  const message = fromText(sealed);
  return role === "reads" ? async () => box.open(message, how) : async () => box.seal(probe, how);
}

const probe = new Uint8Array(Buffer.from("cmkit drill"));

async function attempt(act: () => Promise<unknown>): Promise<DrillDeed> {
  const begunMs = drillNowMs();
  const outcome = await act().then(
    () => "ok" as const,
    (error: unknown) => {
      if (isKmsError(error)) return error.code;
      throw error;
    },
  );
  return { begunMs, endedMs: drillNowMs(), outcome };
}

/** Whether it was not ended meanwhile. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

function reasonFor(error: unknown): string {
  const isOurs = error instanceof CliError || isKmsError(error) || isRegistryError(error);
  return isOurs ? error.message : "in a way that is not known";
}
