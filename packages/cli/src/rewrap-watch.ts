import { CliError } from "./cli-error.ts";
import type { Deps } from "./deps.ts";
import { mayPass } from "./registry-answer.ts";
import type { RegistryBody, RegistryClient } from "./registry-client.ts";
import { rewrapIn, type WireRewrap } from "./rewrap-wire.ts";

/** A rewrap that is begun, and whoever watches it. */
export interface RewrapWatch {
  readonly client: Pick<RegistryClient, "request" | "way">;
  readonly path: string;
  readonly body: RegistryBody;
  readonly clock: Deps["clock"];
  readonly signal: AbortSignal;
  /** Is told how far it is, all runs of it since the first one together. */
  readonly onProgress: (progress: WireRewrap) => void;
  /** Is told that nobody answered, and that this goes on all the same. */
  readonly onSilence: () => void;
}

const askEveryMs = 500;
/** Another server behind the same address may be the one that works on it. */
const beginAgainMs = 5000;
/** A server that is started anew is back within that. */
const patienceMs = 120_000;

/**
 * Begins a rewrap and asks until it has ended. Where nobody works on it any more it is begun again: what is to be done stands
 * in the data keys, so that a server may be started anew meanwhile.
 *
 * @throws {CliError} `refused`: the registry refuses, has been silent for two minutes, or gets no further.
 * @throws {AnotherTarget}
 */
export async function watchedToItsEnd(watch: RewrapWatch): Promise<WireRewrap> {
  const { clock, signal, onProgress, onSilence } = watch;
  const first = await begun(watch);
  refuseAnother(watch, first);
  const times = { begunMs: clock.monotonicMs(), heardMs: clock.monotonicMs(), furtherMs: clock.monotonicMs() };
  for (let last = first; ;) {
    onProgress(inAll(first, last));
    if (last.state === "done" || last.state === "partial") return inAll(first, last);
    await clock.sleep(askEveryMs, signal);
    const nowMs = clock.monotonicMs();
    const isLeft = last.state === "unfinished" && nowMs - times.begunMs >= beginAgainMs;
    try {
      const next = await (isLeft ? begun(watch) : asked(watch));
      if (isLeft) times.begunMs = nowMs;
      if (next.remaining < last.remaining || next.state === "running") times.furtherMs = nowMs;
      times.heardMs = nowMs;
      refuseAnother(watch, next);
      if (next.state === "unfinished" && nowMs - times.furtherMs > patienceMs) throw nobodyWorks();
      last = next;
    } catch (error) {
      if (!mayPass(error) || nowMs - times.heardMs > patienceMs) throw error;
      onSilence();
    }
  }
}

async function begun({ client, path, body }: RewrapWatch): Promise<WireRewrap> {
  return rewrapIn(await client.request("POST", path, body));
}

async function asked({ client, path }: RewrapWatch): Promise<WireRewrap> {
  return rewrapIn(await client.request("GET", path));
}

/** A run that was begun again counts from there. */
function inAll({ data_keys: dataKeys, started_at: startedAt }: WireRewrap, last: WireRewrap): WireRewrap {
  return { ...last, data_keys: dataKeys, rewrapped: Math.max(0, dataKeys - last.remaining), started_at: startedAt };
}

/** Somebody else has begun to rewrap the same data keys to another key: going on would send them to and fro. */
export class AnotherTarget extends CliError {}

/** Already the first answer may be about the other one, which began a moment later. @throws {AnotherTarget} */
function refuseAnother({ body, client }: RewrapWatch, { from, to: other }: WireRewrap): void {
  const { to = from } = body;
  if (other === to) return;
  const goesOn = client.way.kind === "store" ? "" : ` Until it has ended, the server goes on rewrapping to ${to}.`;
  throw new AnotherTarget(
    "refused",
    `Somebody else has begun to rewrap the same data keys to ${other}.`,
    `Agree on one key: \`cmkit cmks list\` shows them. Then rewrap what is under the other one.${goesOn}`,
  );
}

function nobodyWorks(): CliError {
  return new CliError(
    "refused",
    "The rewrap was begun again for two minutes, and no data key was rewrapped.",
    "See the log of the registry's server.",
  );
}
