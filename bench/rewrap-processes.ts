import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RewrapDone, RewrapTask } from "./rewrap-worker.ts";

const worker = fileURLToPath(new URL("rewrap-worker.ts", import.meta.url));

/**
 * Has so many processes rewrap one project together, by the built packages: taking the types out of TypeScript takes memory, too.
 *
 * @returns The seconds from the common beginning to the last one's end.
 */
export async function rewrapInProcesses(count: number, task: RewrapTask): Promise<{ seconds: number; mebibytes: number }> {
  const children = Array.from({ length: count }, () => fork(worker, [JSON.stringify(task)], { execArgv: [] }));
  try {
    await Promise.all(children.map(heard));
    const started = performance.now();
    const all = await Promise.all(
      children.map(async (child) => {
        child.send("go");
        return (await heard(child)) as RewrapDone;
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    if (all.some(({ remaining }) => remaining > 0)) throw new Error("expected all data keys to be rewrapped");
    return { seconds, mebibytes: Math.max(...all.map(({ mebibytes }) => mebibytes)) };
  } finally {
    for (const child of children) child.kill();
  }
}

/** The next thing that it says. */
async function heard(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error("expected a process of the rewrap to end well");
  });
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [unknown];
    return message;
  } finally {
    stop.abort();
    ended.catch(() => {});
  }
}
