import type { PeerResult, PeerSummary } from "./run-peer.ts";

type Outcome = PeerResult["outcome"];

/** Prints what was found, and last of all `N passed, N failed, N skipped`. @returns Whether nothing failed. */
export function report(summaries: readonly PeerSummary[], json: boolean): boolean {
  const results = summaries.flatMap((summary) => summary.results);
  const failed = count(results, "failed");
  const skipped =
    count(results, "skipped") + count(results, "deviates") + summaries.reduce((sum, { skippedCases }) => sum + skippedCases, 0);
  if (json) process.stdout.write(`${JSON.stringify({ peers: summaries }, null, 2)}\n`);
  else for (const summary of summaries.filter(isWorthALine)) process.stdout.write(`${lines(summary).join("\n")}\n`);
  // Behind JSON the closing line would spoil it.
  (json ? process.stderr : process.stdout).write(`\n${count(results, "passed")} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed === 0;
}

function isWorthALine({ absent, skippedCases, results }: PeerSummary): boolean {
  return absent !== undefined || skippedCases > 0 || results.length > 0;
}

function lines({ peer, from, absent, skippedCases, results }: PeerSummary): readonly string[] {
  if (absent !== undefined) return [`${peer} (${from}): ${skippedCases} cases skipped: ${absent}`];
  const counts = (["passed", "failed", "deviates", "skipped"] as const).map((outcome) => `${count(results, outcome)} ${outcome}`);
  const failures = results
    .filter(({ outcome }) => outcome === "failed")
    .map((result) => `  failed: ${result.case}: ${result.reason}`);
  return [
    `${peer} (${from}): ${counts.join(", ")}`,
    ...failures,
    ...grouped(results, "deviates"),
    ...grouped(results, "skipped"),
  ];
}

/** One line a reason. */
function grouped(results: readonly PeerResult[], outcome: Outcome): readonly string[] {
  const groups = Map.groupBy(
    results.filter((result) => result.outcome === outcome),
    ({ reason }) => reason,
  );
  return [...groups].map(([reason, { length, 0: first }]) => `  ${outcome} ${length}, such as "${first?.case}": ${reason}`);
}

function count(results: readonly PeerResult[], outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length;
}
