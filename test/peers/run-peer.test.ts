import { expect, test } from "vitest";
import type { Peer, PeerCase } from "./peer.ts";
import { runPeer, type PeerSummary } from "./run-peer.ts";

const pass = async (): Promise<void> => undefined;
const fail = async (): Promise<void> => {
  throw new Error("it differs");
};

test("counts what passes, what fails and what cannot be tried", async () => {
  const summary = await tried([
    { name: "agrees", run: pass },
    { name: "differs", run: fail },
    { name: "lacks it", skipped: "the peer lacks it", run: fail },
  ]);
  expect(outcomes(summary)).toEqual([
    ["passed", undefined],
    ["failed", "it differs"],
    ["skipped", "the peer lacks it"],
  ]);
});

test("fails a listed deviation that does not show, unless it shows sometimes", async () => {
  const summary = await tried([
    { name: "shows", deviation: "the cause", run: fail },
    { name: "is gone", deviation: "the cause", run: pass },
    { name: "may be gone", deviation: { sometimes: "the cause" }, run: pass },
  ]);
  expect(outcomes(summary)).toEqual([
    ["deviates", "the cause"],
    ["failed", "it passes, but is listed as deviating: the cause"],
    ["deviates", "the cause"],
  ]);
});

test("waits for no case longer than it may take", async () => {
  const never = async (): Promise<void> => new Promise(() => undefined);
  expect(outcomes(await tried([{ name: "hangs", limitMs: 1, run: never }]))).toEqual([["failed", "it took more than 1 ms"]]);
});

test("does not call wrong what nobody has tried, and says what differs", async () => {
  const summary = await tried([{ name: "differs", run: fail }], { untried: true });
  expect(outcomes(summary)).toEqual([["deviates", "not tried before, to be listed: it differs"]]);
});

test("skips every case of a peer that cannot be installed, and gives the reason in one line", async () => {
  const summary = await runPeer(peer([{ name: "agrees", run: pass }]), Promise.reject(new Error("no such package\ntrace")));
  expect(summary).toMatchObject({ absent: "no such package", skippedCases: 1, results: [] });
});

test("fails a peer that is installed and does not start, and stops one whose cases fail", async () => {
  const start = async (): Promise<never> => {
    throw new Error("port in use");
  };
  const broken = await runPeer({ ...peer([]), start }, Promise.resolve());
  expect(outcomes(broken)).toEqual([["failed", "port in use"]]);
  let stopped = false;
  const stop = async (): Promise<void> => {
    stopped = true;
  };
  await runPeer({ ...peer([]), start: async () => ({ cases: [{ name: "differs", run: fail }], stop }) }, Promise.resolve());
  expect(stopped).toBe(true);
});

async function tried(cases: readonly PeerCase[], options: Partial<Peer> = {}): Promise<PeerSummary> {
  return runPeer({ ...peer(cases), ...options }, Promise.resolve());
}

function peer(cases: readonly PeerCase[]): Peer {
  const start: Peer["start"] = async () => ({ cases, stop: pass });
  return { name: "peer", from: "nowhere", caseCount: cases.length, deviations: {}, install: pass, start };
}

function outcomes({ results }: PeerSummary): readonly (readonly [string, string | undefined])[] {
  return results.map(({ outcome, reason }) => [outcome, reason]);
}
