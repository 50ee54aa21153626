import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bareKey } from "./bare-sdk.ts";
import { benchClouds, type BenchClouds, type CloudSettings } from "./bench-clouds.ts";
import { cmkitKey } from "./cmkit-key.ts";
import { compare, median, round3, type Row } from "./measure.ts";

const run = promisify(execFile);
const rounds = 15;
const firstWrap = fileURLToPath(new URL("first-wrap.ts", import.meta.url));

/** Importing and the first wrap in a fresh process (as published, from dist), against the bare SDK making the same wrap. */
export async function firstWrapRows(): Promise<Row[]> {
  await using clouds = await benchClouds();
  const rows: Row[] = [];
  for (const settings of clouds.settings) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = -1; round < rounds; round += 1) {
      const pair = [await milliseconds("cmkit", settings), await milliseconds("sdk", settings)] as const;
      if (round < 0) continue;
      ours.push(pair[0]);
      theirs.push(pair[1]);
    }
    const ratio = median(ours.map((our, i) => our / (theirs[i] ?? Number.NaN)));
    const name = `${settings.provider}: import and first wrap vs the bare SDK`;
    rows.push({
      group: "cold",
      name,
      unit: "ms",
      cmkit: round3(median(ours)),
      peer: round3(median(theirs)),
      ratio: round3(ratio),
      rounds,
    });
  }
  return rows;
}

async function milliseconds(side: "cmkit" | "sdk", settings: CloudSettings): Promise<number> {
  const { stdout } = await run(process.execPath, [firstWrap, side, JSON.stringify(settings)]);
  return Number(stdout);
}

/** Wraps and unwraps of a known key, against the bare SDK's: the difference is what cmkit adds. No further request may be sent. */
export async function warmGroup(): Promise<Row[]> {
  await using clouds = await benchClouds();
  const rows: Row[] = [];
  for (const settings of clouds.settings) rows.push(...(await warmRows(settings, clouds)));
  return rows;
}

async function warmRows(settings: CloudSettings, clouds: BenchClouds): Promise<Row[]> {
  const context = { tenant: "acme" };
  const known = { confirmedWithinMs: 1_800_000 };
  const root = randomBytes(32);
  const key = await cmkitKey(settings);
  const bare = await bareKey(settings);
  const wrapped = await key.wrapKey(root, context, known);
  const theirs = await bare.encrypt(root);
  await expectRequests(1, clouds, settings, async () => key.wrapKey(root, context, known));
  await expectRequests(1, clouds, settings, async () => key.unwrapKey(wrapped, context));
  const { provider } = settings;
  return [
    await compare(
      "warm",
      `${provider}: wrap vs the bare SDK`,
      10,
      repeated(async () => key.wrapKey(root, context, known)),
      repeated(async () => bare.encrypt(root)),
    ),
    await compare(
      "warm",
      `${provider}: unwrap vs the bare SDK`,
      10,
      repeated(async () => key.unwrapKey(wrapped, context)),
      repeated(async () => bare.decrypt(theirs)),
    ),
  ];
}

function repeated(work: () => Promise<unknown>): (times: number) => Promise<void> {
  return async (times) => {
    for (let i = 0; i < times; i += 1) await work();
  };
}

async function expectRequests(
  expected: number,
  clouds: BenchClouds,
  { provider }: CloudSettings,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = clouds.requests(provider);
  await work();
  const sent = clouds.requests(provider) - before;
  if (sent !== expected) throw new Error(`${provider}: expected ${expected} request, got ${sent}`);
}
