/** Until it is known how fast the KMS is. */
export const firstBatch = 8;
/** More are hardly faster, and cost memory: what lives long enough is collected late. */
const maxBatch = 250;
/** How long the rows of a batch should be locked: long enough that a commit costs little, short enough that few are lost by a kill. */
const batchGoalMs = 1000;
const maxGrowth = 4;

/** How many data keys the next batch should have, by how long the last one took. */
export function batchSize(last: number, tried: number, tookMs: number): number {
  if (tried === 0) return last;
  const fitting = Math.round((tried * batchGoalMs) / Math.max(1, tookMs));
  return Math.min(maxBatch, Math.max(1, Math.min(fitting, last * maxGrowth)));
}
