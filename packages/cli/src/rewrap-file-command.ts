import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import { isKmsError, multiCloudKms, rewrapDataKeyFile, type Cmk, type DataKeyFileRewrap, type Kms } from "@cmkit/core";

import { CliError, reasonOf } from "./cli-error.ts";
import { cloudAdapter } from "./cloud-adapter.ts";
import { cloudOf, clouds, providers } from "./clouds.ts";
import type { Deps, Io } from "./deps.ts";
import { readDevFile, type DevFile } from "./dev-file.ts";
import { checkKeysToRead } from "./keys-file.ts";
import type { NamedFile } from "./named-file.ts";
import { readRecordKey } from "./record-key-file.ts";
import { printJson } from "./registry-json.ts";
import { noDisplay, rewrapDisplay } from "./rewrap-display.ts";
import { adviceOnFile } from "./rewrap-file-advice.ts";
import { fileRewrapResult, fileRewrapSummary } from "./rewrap-file-summary.ts";
import type { FileRewrapOptions } from "./rewrap-options.ts";
import { steadyPace } from "./steady-pace.ts";

// As for sealing: nobody waits for an answer in a browser.
const timeoutMs = 30_000;
const usualConcurrency = 8;

/**
 * `cmkit rewrap --keys`: moves the data keys in a file of `cmkit seal`.
 *
 * @returns 0 once none is left under `--from`, 1 otherwise. @throws {CliError}
 */
export async function rewrapFileCommand(options: FileRewrapOptions, deps: Deps, io: Io): Promise<number> {
  const keys: NamedFile = { path: resolve(deps.cwd, options.keys), name: options.keys };
  const from = cmkIn(options.from, "--from");
  const to = options.to === undefined ? from : cmkIn(options.to, "--to");
  const dev = options.dev === undefined ? undefined : await readDevFile(resolve(deps.cwd, options.dev));
  const recordKey = await recordKeyOf(options, dev, deps);
  await checkKeysToRead(keys);
  if (options.dryRun !== true) await checkWritable(keys);
  const result = fileRewrapResult(await rewrapped({ keys, from, to, dev, recordKey }, options, deps, io), options);
  if (options.json === true) printJson(result, io);
  else io.stdout(fileRewrapSummary(result));
  return result.state === "done" ? 0 : 1;
}

interface FileRewrap {
  readonly keys: NamedFile;
  readonly from: FileCmk;
  readonly to: FileCmk;
  readonly dev: DevFile | undefined;
  readonly recordKey: Uint8Array;
}

type FileCmk = Cmk & { readonly provider: (typeof providers)[number] };

/** Until it ends, or is asked to: what was rewrapped by then stays so. */
async function rewrapped(file: FileRewrap, options: FileRewrapOptions, deps: Deps, io: Io): Promise<DataKeyFileRewrap> {
  const { keys, from, to, dev, recordKey } = file;
  const aborter = new AbortController();
  void deps.untilAskedToEnd().then(() => aborter.abort());
  const display = options.json === true ? noDisplay : rewrapDisplay(io, deps.clock);
  let last: DataKeyFileRewrap | undefined;
  const onProgress = (soFar: DataKeyFileRewrap): void => {
    last = soFar;
    const { rewrapped, failed } = soFar;
    display.show({ data_keys: toMove(soFar), rewrapped, failed: failed.map(({ code }) => ({ code, count: 1 })) });
  };
  const { dryRun = false, rate, concurrency = usualConcurrency } = options;
  const atOnce = Math.min(concurrency, rate ?? Infinity); // more would only wait for their turns, and run out of time
  let kms: Kms | undefined;
  try {
    const used = [...new Set([from.provider, to.provider])];
    kms = multiCloudKms({ adapters: await Promise.all(used.map(async (provider) => cloudAdapter(cloudOf(provider), dev))) });
    const paced = rate === undefined ? kms : kms.withoutMemory({ pace: steadyPace(rate, kms.clock) });
    const limits = { timeoutMs, signal: aborter.signal, concurrency: atOnce };
    return await rewrapDataKeyFile(keys.path, { kms: paced, recordKey, from, to, dryRun, ...limits, onProgress });
  } catch (error) {
    throw refusalOf(error, last);
  } finally {
    display.stop();
    await kms?.close();
  }
}

function refusalOf(error: unknown, last: DataKeyFileRewrap | undefined): unknown {
  if (!isKmsError(error)) return error;
  const begun = last === undefined ? "" : " What was rewrapped stays so.";
  if (error.code !== "aborted") {
    return new CliError("refused", `${error.message} (${error.code}).`, `${adviceOnFile(error.code)}${begun}`);
  }
  const left = last === undefined ? undefined : toMove(last) - last.rewrapped;
  const what = left === undefined ? "Interrupted." : `Interrupted: at most ${left.toLocaleString("en-US")} data keys are left.`;
  return new CliError("refused", what, "What was rewrapped stays so. Run this again to go on.");
}

function toMove({ dataKeys, already, elsewhere }: DataKeyFileRewrap): number {
  return dataKeys - already - elsewhere;
}

function cmkIn(text: string, flag: string): FileCmk {
  const colon = text.indexOf(":");
  const cloud = clouds.find(({ provider }) => provider === text.slice(0, Math.max(0, colon)));
  const resource = text.slice(colon + 1);
  if (cloud !== undefined && resource !== "") return { provider: cloud.provider, resource };
  throw usage(`expected ${flag} to be PROVIDER:RESOURCE, with one of ${providers.join(", ")}; such as aws:arn:aws:kms:…`);
}

async function recordKeyOf({ recordKey }: FileRewrapOptions, dev: DevFile | undefined, { cwd }: Deps): Promise<Uint8Array> {
  if (dev !== undefined && recordKey !== undefined) throw usage("expected either --record-key or --dev, which has one.");
  if (dev !== undefined) return dev.recordKey;
  if (recordKey === undefined) throw usage("expected --record-key FILE, the one that sealed the data.");
  return readRecordKey({ path: resolve(cwd, recordKey), name: recordKey });
}

async function checkWritable({ path, name }: NamedFile): Promise<void> {
  await access(path, constants.W_OK).catch((error: unknown) => {
    throw new CliError("refused", `${name} cannot be written (${reasonOf(error)}).`, "Run this as whoever sealed the data.");
  });
}

function usage(what: string): CliError {
  return new CliError("bad-usage", what, "See `cmkit rewrap --help`.");
}
