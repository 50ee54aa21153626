/** One line of the report. `cmkit` and `peer` are medians in `unit`; `ratio` is cmkit's time over the peer's. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly cmkit: number;
  readonly peer: number;
  readonly ratio: number;
  readonly rounds: number;
}

/** Work that is repeated `times` times and waits for the last. */
export type Work = (times: number) => void | Promise<void>;

const rounds = 41;
const warmUpRounds = 5;

/**
 * Runs both in the same process, turn by turn, so that a noisy machine disturbs them alike. The ratio is the median of the
 * rounds' ratios, not the ratio of the medians: each round compares what ran side by side.
 */
export async function compare(group: string, name: string, times: number, cmkit: Work, peer: Work): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const ourFirst = round % 2 === 0;
    const first = await microseconds(ourFirst ? cmkit : peer, times);
    const second = await microseconds(ourFirst ? peer : cmkit, times);
    if (round < 0) continue;
    ours.push(ourFirst ? first : second);
    theirs.push(ourFirst ? second : first);
  }
  const ratios = ours.map((our, i) => our / (theirs[i] ?? Number.NaN));
  return {
    group,
    name,
    unit: "µs",
    cmkit: round3(median(ours)),
    peer: round3(median(theirs)),
    ratio: round3(median(ratios)),
    rounds,
  };
}

async function microseconds(work: Work, times: number): Promise<number> {
  const started = performance.now();
  await work(times);
  return ((performance.now() - started) / times) * 1000;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

export function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
