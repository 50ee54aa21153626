// Our adapters against emulators that strangers wrote, and strangers' SDKs against our emulators. @see docs/peers.md
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { avn } from "./avn.ts";
import { azureKeyvaultEmulator } from "./azure-keyvault-emulator.ts";
import { azureKeyvaultKeys } from "./azure-keyvault-keys.ts";
import { boto3 } from "./boto3.ts";
import { drongo } from "./drongo.ts";
import { fakeCloudKms } from "./fake-cloud-kms.ts";
import { goClientCodegen } from "./go-client-codegen.ts";
import { googleCloudKmsGrpc, googleCloudKmsRest } from "./google-cloud-kms.ts";
import { localKms } from "./local-kms.ts";
import { ministack } from "./ministack.ts";
import { moto } from "./moto.ts";
import { ociPython } from "./oci-python.ts";
import { causeOf, type Peer } from "./peer.ts";
import { report } from "./report.ts";
import { runPeer, type PeerResult, type PeerSummary } from "./run-peer.ts";
import { schemathesis } from "./schemathesis.ts";

const peers: readonly Peer[] = [
  moto,
  ministack,
  localKms,
  drongo,
  fakeCloudKms,
  azureKeyvaultEmulator,
  boto3,
  googleCloudKmsGrpc,
  googleCloudKmsRest,
  azureKeyvaultKeys,
  ociPython,
  avn,
  schemathesis,
  goClientCodegen,
];

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !peers.some((peer) => peer.name === name));
if (unknown.length > 0) {
  process.stderr.write(`test:peers: expected some of ${peers.map(({ name }) => name).join(", ")}, got ${unknown.join(", ")}\n`);
  process.exit(2);
}
const chosen = peers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
process.exitCode = report(await runAll(chosen), values.json === true) ? 0 : 1;

/** Installs all at the same time, then runs two at once: each is one process on the other side, and waits for us half its time. */
async function runAll(all: readonly Peer[]): Promise<readonly PeerSummary[]> {
  const installs = all.map(async (peer) => {
    if (peer.onlyByName !== undefined && !positionals.includes(peer.name)) throw new Error(peer.onlyByName);
    await peer.install();
  });
  // Each is awaited by runPeer below, which says why it failed.
  for (const install of installs) install.catch(() => undefined);
  const summaries: PeerSummary[] = [];
  const waiting = [...all.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, peer] = next;
      summaries[index] = await timed(peer, installs[index] ?? peer.install());
    }
  };
  await Promise.all([lane(), lane()]);
  return [documented(all), ...summaries];
}

async function timed(peer: Peer, installed: Promise<void>): Promise<PeerSummary> {
  await installed.catch(() => undefined);
  const started = performance.now();
  const summary = await runPeer(peer, installed);
  process.stderr.write(`${peer.name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return summary;
}

/** What a peer does differently is written down where people look for it. */
function documented(all: readonly Peer[]): PeerSummary {
  const page = readFileSync(fileURLToPath(new URL("../../docs/peers.md", import.meta.url)), "utf8");
  const deviating = all.filter(({ deviations }) => Object.keys(deviations).length > 0);
  const results = deviating.map(({ name, deviations }): PeerResult => {
    const missing = Object.values(deviations)
      .map(causeOf)
      .find((cause) => !page.includes(cause));
    const common = { peer: "docs/peers.md", case: `lists what ${name} does differently` };
    return missing === undefined ? { ...common, outcome: "passed" } : { ...common, outcome: "failed", reason: missing };
  });
  return { peer: "docs/peers.md", from: "this repository", skippedCases: 0, results };
}
