import { conformanceCases, type ConformanceHarness, type ConformanceKey } from "@cmkit/core/testing";
import type { Deviations, Peer, PeerCase, StartedPeer } from "./peer.ts";

/** An emulator by strangers that our adapter runs the conformance suite against. */
export interface ConformancePeer extends Pick<Peer, "name" | "from" | "deviations" | "untried" | "install"> {
  /** The harness with names of keys that need not exist: for counting. */
  readonly paper: ConformanceHarness;
  start(): Promise<{ readonly harness: ConformanceHarness; stop(): Promise<void> }>;
}

/** Runs the suite with the peer's deviations as cases that must fail. */
export function conformancePeer(peer: ConformancePeer): Peer {
  const { name, from, deviations, untried = false, install } = peer;
  return {
    name,
    from,
    deviations,
    untried,
    install,
    caseCount: conformanceCases(peer.paper).length,
    async start(): Promise<StartedPeer> {
      const started = await peer.start();
      return { cases: casesOf(started.harness, deviations), stop: async () => started.stop() };
    },
  };
}

/** `deviations` may be narrowed to one kind of key: `rsa: unwraps what it wrapped`. */
function casesOf(harness: ConformanceHarness, deviations: Deviations): readonly PeerCase[] {
  const cases = conformanceCases(harness);
  const used = new Set<string>();
  const found = cases.map(({ name, key, skipped, run }): PeerCase => {
    const narrow = `${key.kind}: ${name}`;
    const listed = narrow in deviations ? narrow : name;
    const deviation = deviations[listed];
    if (deviation !== undefined) used.add(listed);
    return { name: `${label(key)}: ${name}`, skipped, deviation, run };
  });
  const unused = Object.keys(deviations).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`deviations of cases that there are not: ${unused.join("; ")}`);
  return found;
}

function label({ kind, bits }: ConformanceKey): string {
  return `${kind} ${bits}`;
}
