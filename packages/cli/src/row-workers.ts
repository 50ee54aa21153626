import { once } from "node:events";
import { Worker } from "node:worker_threads";

import type { BatchCipher } from "./batch-cipher.ts";
import { together } from "./cipher-use.ts";
import { CliError } from "./cli-error.ts";
import type { FileJob } from "./file-job.ts";
import type { WorkerAnswer, WorkerRequest } from "./row-worker.ts";

// The command's own entry: it lies beside this file in the sources and in what is built from them.
const entry = new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url);

/** Worker threads, each with an envelope of its own over the same file of keys. They are handed batches in turn. */
export function rowWorkers(job: FileJob, count: number): BatchCipher {
  const workers = Array.from({ length: count }, () => new RowWorker(job));
  let next = 0;
  return {
    async work(bytes) {
      const worker = workers[next % count] as RowWorker;
      next += 1;
      const batch = new Uint8Array(bytes); // handed over, so that it is not copied again
      const answer = await worker.ask({ batch }, [batch.buffer]);
      if ("result" in answer) return answer.result;
      throw failure(answer);
    },
    async use() {
      const answers = await Promise.all(workers.map(async (worker) => worker.ask({ end: true }, [])));
      return together(answers.map((answer) => ("use" in answer ? answer.use : { kmsRequests: 0, dataKeys: [] })));
    },
    async close() {
      await Promise.all(workers.map(async (worker) => worker.end()));
    },
  };
}

class RowWorker {
  private readonly thread: Worker;
  private readonly waiting: ((answer: WorkerAnswer) => void)[] = [];
  private ended: WorkerAnswer | undefined;

  constructor(job: FileJob) {
    this.thread = new Worker(entry, { workerData: { cmkitFileJob: job } });
    this.thread.on("message", (answer: WorkerAnswer) => this.waiting.shift()?.(answer));
    this.thread.on("error", (error: Error) => this.lost(error.message));
    this.thread.on("exit", () => this.lost("it ended"));
  }

  async ask(request: WorkerRequest, transfer: readonly ArrayBuffer[]): Promise<WorkerAnswer> {
    if (this.ended !== undefined) return this.ended;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.thread.postMessage(request, transfer);
    });
  }

  async end(): Promise<void> {
    if (this.ended !== undefined) return;
    const exit = once(this.thread, "exit");
    await this.thread.terminate();
    await exit;
  }

  private lost(reason: string): void {
    this.ended ??= { failed: `a worker thread was lost: ${reason}` };
    for (const resolve of this.waiting.splice(0)) resolve(this.ended);
  }
}

function failure(answer: WorkerAnswer): Error {
  if ("refused" in answer) {
    const [what = "", next] = answer.refused.message.split("\n");
    return new CliError(answer.refused.code, what, next);
  }
  return new Error("failed" in answer ? answer.failed : "expected a result of a worker thread");
}
