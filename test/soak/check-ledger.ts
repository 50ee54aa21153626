import type { Attempt, Ledger } from "./ledger.ts";
import type { LoggedState, ReplayedLog } from "./replayed-log.ts";

/** Holds what clients asked for against the audit log. @returns What does not fit. */
export function checkAttempts({ attempts }: Ledger, log: ReplayedLog, isClockSteady: boolean): string[] {
  return attempts.flatMap((attempt) => {
    const wrong = wrongWith(attempt, log, isClockSteady);
    return wrong === undefined ? [] : [`${attempt.action} ${attempt.requestId}: ${wrong}`];
  });
}

function wrongWith(attempt: Attempt, log: ReplayedLog, isClockSteady: boolean): string | undefined {
  const { requestId, outcome, action, project, cmk } = attempt;
  const entries = log.byRequest.get(requestId) ?? [];
  const [entry] = entries;
  if (entries.length > 1) return `happened ${entries.length} times`;
  if (outcome === "refused") return entry === undefined ? undefined : "was refused, and is in the audit log";
  if (entry !== undefined && (entry.action !== action || entry.project !== project)) return "is another change in the audit log";
  if (cmk === undefined) return undefined;
  if (entry === undefined) {
    if (action !== "cmk.update") return "was acknowledged and is lost";
    return changedNothing(attempt, log, isClockSteady) ? undefined : "was acknowledged and is lost";
  }
  const { status, default_cmk } = entry.details;
  const isSame = entry.subject === cmk.id && status === cmk.status && default_cmk === cmk.default_cmk;
  return isSame ? undefined : "is not in the audit log as it was acknowledged";
}

/** Whether the CMK was as the answer says already, at some moment between question and answer: then nothing is written. */
function changedNothing({ project, cmk, sentMs, endedMs }: Attempt, log: ReplayedLog, isClockSteady: boolean): boolean {
  const states: readonly LoggedState[] = (cmk && log.cmks.get(project)?.get(cmk.id)) ?? [];
  return states.some(({ status, isDefault, fromMs }, at) => {
    const untilMs = states[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const wasThen = !isClockSteady || (fromMs <= endedMs && untilMs >= sentMs);
    return wasThen && status === cmk?.status && isDefault === cmk.default_cmk;
  });
}
