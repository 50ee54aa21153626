import { CliError, errorCode } from "./cli-error.ts";
import { type DevFile, findDevFile } from "./dev-file.ts";

/**
 * Makes sure that no other `cmkit dev` runs in a directory: two would overwrite each other's keys. A file that was left
 * behind by a process that was killed is no obstacle.
 *
 * @param answerWithinMs How long a server may take before it counts as silent.
 * @throws {CliError} `refused`: one runs, or the file is not one of `cmkit dev`.
 */
export async function refuseSecondStart(file: string, answerWithinMs = 2000): Promise<void> {
  const dev = await findDevFile(file);
  if (dev === undefined) return;
  const { endpoint } = dev.aws;
  const answer = await askEmulator(dev, answerWithinMs);
  if (answer === "ours") {
    throw new CliError(
      "refused",
      `\`cmkit dev\` already runs here: process ${dev.pid}, ${endpoint}.`,
      "Use that one, end it with Ctrl-C, or give this one a directory of its own with --dir.",
    );
  }
  // A process id alone proves nothing: after a crash it may be another program's by now.
  if (answer === "silent" && isAlive(dev.pid)) {
    throw new CliError(
      "refused",
      `\`cmkit dev\` (process ${dev.pid}) seems to run here, but ${endpoint} does not answer.`,
      `End that process first. If it is another program, remove ${file}.`,
    );
  }
}

/** Whether the emulator of the file answers; only it accepts the file's token. */
async function askEmulator({ aws }: DevFile, answerWithinMs: number): Promise<"ours" | "another" | "silent"> {
  try {
    const response = await fetch(new URL("/_cmkit/faults", aws.endpoint), {
      headers: { "x-cmkit-control-token": aws.controlToken },
      redirect: "error",
      signal: AbortSignal.timeout(answerWithinMs),
    });
    await response.body?.cancel();
    return response.ok ? "ours" : "another";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "silent" : "another";
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // in a container, each start may have the same one
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
