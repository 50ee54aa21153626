import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { advisedBy } from "./registry-answer.ts";
import { cmksPath, type RegistryBody, type RegistryClient } from "./registry-client.ts";
import type { RegistryCommand } from "./registry-connection.ts";
import { printJson } from "./registry-json.ts";
import { refusedToBegin } from "./rewrap-advice.ts";
import { rewrapCommandLine } from "./command-line.ts";
import { noDisplay, rewrapDisplay } from "./rewrap-display.ts";
import type { RegistryRewrapOptions } from "./rewrap-options.ts";
import { dryRunSummary, rewrapSummary } from "./rewrap-summary.ts";
import { AnotherTarget, watchedToItsEnd } from "./rewrap-watch.ts";
import { rewrapIn, type WireRewrap } from "./rewrap-wire.ts";

/** `cmkit rewrap` of a registry's data keys. */
export function rewrapCommand(deps: Pick<Deps, "clock" | "untilAskedToEnd">): RegistryCommand<RegistryRewrapOptions> {
  return {
    run: async (options, client, io) => {
      const { dryRun, json } = options;
      const rewrap = await (dryRun ? counted(options, client) : watched(options, client, deps, io));
      if (json) printJson(rewrap, io);
      else io.stdout(dryRun ? dryRunSummary(rewrap) : rewrapSummary(rewrap, options));
      return dryRun || rewrap.state === "done" ? 0 : 1;
    },
  };
}

async function counted(options: RegistryRewrapOptions, client: RegistryClient): Promise<WireRewrap> {
  try {
    return rewrapIn(await client.request("POST", pathOf(options), bodyOf(options)));
  } catch (error) {
    throw advisedBy(error, refusedToBegin(options));
  }
}

async function watched(
  options: RegistryRewrapOptions,
  client: RegistryClient,
  { clock, untilAskedToEnd }: Pick<Deps, "clock" | "untilAskedToEnd">,
  io: Io,
): Promise<WireRewrap> {
  const aborter = new AbortController();
  const interrupted = untilAskedToEnd().then(() => aborter.abort());
  const display = options.json ? noDisplay : rewrapDisplay(io, clock);
  let last: WireRewrap | undefined;
  const onProgress = (progress: WireRewrap): void => {
    last = progress;
    display.show(progress);
  };
  try {
    const [path, body] = [pathOf(options), bodyOf(options)];
    const watch = { client, path, body, clock, signal: aborter.signal, onProgress, onSilence: () => display.silent() };
    const ended = await Promise.race([watchedToItsEnd(watch), interrupted]);
    if (ended !== undefined) return ended;
    if (client.way.kind === "store") io.stderr("cmkit: stopping; what is rewrapped stays so.\n");
    throw interruption(last, options, client);
  } catch (error) {
    throw last === undefined || aborter.signal.aborted ? advisedBy(error, refusedToBegin(options)) : halfWay(error, options);
  } finally {
    display.stop();
  }
}

function pathOf({ project, from }: RegistryRewrapOptions): string {
  return cmksPath(project, from, "rewrap");
}

function bodyOf({ to, rate, concurrency, dryRun }: RegistryRewrapOptions): RegistryBody {
  return {
    ...(to === undefined ? { stale_versions: true } : { to }),
    ...(rate === undefined ? {} : { requests_per_second: rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(dryRun === undefined ? {} : { dry_run: dryRun }),
  };
}

function interruption(last: WireRewrap | undefined, options: RegistryRewrapOptions, { way }: RegistryClient): CliError {
  const left =
    last === undefined
      ? "Interrupted."
      : `Interrupted: at most ${last.remaining.toLocaleString("en-US")} of ${last.data_keys.toLocaleString("en-US")} data keys are left.`;
  const goesOn = way.kind === "store" ? "To go on" : "The server goes on with it. To watch it again";
  return new CliError("refused", left, `${goesOn}: ${rewrapCommandLine(options)}`);
}

/** What went wrong once it had begun: nothing is lost. */
function halfWay(error: unknown, options: RegistryRewrapOptions): unknown {
  if (!(error instanceof CliError) || error instanceof AnotherTarget) return error;
  return new CliError(error.code, error.message, `What was rewrapped stays so. To go on: ${rewrapCommandLine(options)}`);
}
