import { fork } from "node:child_process";

import type { DrillSaid, DrillTask } from "./drill-task.ts";

/** A process of a drill that runs. */
export interface DrillChild {
  /** Resolves when it is gone. */
  end(): Promise<void>;
}

/** Starts a process with its task. `heard` is handed what it says. */
export type StartDrillChild = (task: DrillTask, heard: (said: DrillSaid) => void) => DrillChild;

/** The argument with which the command starts one of its own processes. */
export const drillProcessMark = "drill-process";

// The command's own entry: it lies beside this file in the sources and in what is built from them.
const entry = new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url);

const endWithinMs = 3000;

/** Starts processes of this command. @param nodeOptions For Node itself. */
export function drillChildren(nodeOptions: readonly string[] = process.execArgv): StartDrillChild {
  return (task, heard) => {
    const child = fork(entry, [drillProcessMark], { execArgv: [...nodeOptions], stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const exit = new Promise<void>((gone) => void child.once("exit", () => gone()));
    let ending = false;
    child.on("message", (said: DrillSaid | { readonly ready: true }) => {
      if ("ready" in said) child.send(task, () => {}); // it may have ended
      else heard(said);
    });
    child.on("exit", () => void (ending || heard({ failed: "it ended" })));
    child.on("error", () => heard({ failed: "it could not be started" }));
    return {
      async end() {
        ending = true;
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
        if (child.connected) child.disconnect();
        const killing = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
        await exit;
        clearTimeout(killing);
      },
    };
  };
}
