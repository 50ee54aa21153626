/** A program or a library that strangers wrote, and what is tried with it. */
export interface Peer {
  /** What the command line and docs/peers.md call it. */
  readonly name: string;
  /** Its packages, with their versions, as their registries know them. */
  readonly from: string;
  /** How many cases it has: what is skipped where it cannot be had. */
  readonly caseCount: number;
  readonly deviations: Deviations;
  /** True for what nobody has run yet: it is written from its source, so what fails shows a deviation that is not listed yet. */
  readonly untried?: boolean;
  /** Why it is tried only when it is named on the command line; else its cases count as skipped. */
  readonly onlyByName?: string;
  /** Puts it into `.cache/peers`, if it is not there. Rejects with the reason why it cannot be had. */
  install(): Promise<void>;
  start(): Promise<StartedPeer>;
}

/** In what a peer is known to differ from the cloud, by the name of the case that shows it. */
export type Deviations = Readonly<Record<string, Deviation>>;

/** The cause; `sometimes` where random bytes decide whether it shows. */
export type Deviation = string | { readonly sometimes: string };

export function causeOf(deviation: Deviation): string {
  return typeof deviation === "string" ? deviation : deviation.sometimes;
}

export interface StartedPeer {
  /** To be run one after another. */
  readonly cases: readonly PeerCase[];
  stop(): Promise<void>;
}

/** One thing that a peer and we must agree about. */
export interface PeerCase {
  readonly name: string;
  /** Why it cannot be tried with this peer. */
  readonly skipped?: string | undefined;
  /** The case must then fail. */
  readonly deviation?: Deviation | undefined;
  /** How long it may take, where two minutes are too short. */
  readonly limitMs?: number;
  /** Rejects with what differs. */
  run(): Promise<void>;
}
