import { type MessagePort, parentPort, workerData } from "node:worker_threads";

import { batchCipher, type BatchCipher, type BatchResult } from "./batch-cipher.ts";
import type { CipherUse } from "./cipher-use.ts";
import { CliError, type CliErrorCode } from "./cli-error.ts";
import type { FileJob } from "./file-job.ts";

/** What a worker is asked: a batch of rows, or what it has needed, after which it ends. */
export type WorkerRequest = { readonly batch: Uint8Array } | { readonly end: true };

/** What it answers, in the order in which it was asked. */
export type WorkerAnswer =
  | { readonly result: BatchResult }
  | { readonly use: CipherUse }
  | { readonly refused: { readonly code: CliErrorCode; readonly message: string } }
  | { readonly failed: string };

/** Works on what it is asked until it is asked to end. */
export async function rowWorker(): Promise<void> {
  if (parentPort === null || !isJob(workerData)) return;
  const port: MessagePort = parentPort;
  const cipher = batchCipher(workerData.cmkitFileJob);
  let turn: Promise<unknown> = cipher.catch(() => {});
  port.on("message", (request: WorkerRequest) => {
    turn = turn.then(async () => answer(port, await settled(cipher, request)));
    if ("end" in request) turn = turn.then(() => port.close());
  });
  await turn;
}

async function settled(cipher: Promise<BatchCipher>, request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    const worker = await cipher;
    if ("batch" in request) return { result: await worker.work(request.batch) };
    await worker.close();
    return { use: await worker.use() };
  } catch (error) {
    if (error instanceof CliError) return { refused: { code: error.code, message: error.message } };
    return { failed: error instanceof Error ? error.message : "no reason given" };
  }
}

function answer(port: MessagePort, given: WorkerAnswer): void {
  port.postMessage(given, "result" in given ? [given.result.bytes.buffer as ArrayBuffer] : []);
}

function isJob(data: unknown): data is { readonly cmkitFileJob: FileJob } {
  return typeof data === "object" && data !== null && "cmkitFileJob" in data;
}
