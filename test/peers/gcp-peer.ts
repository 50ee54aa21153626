import { gcp } from "@cmkit/gcp";
import type { ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { conformancePeer } from "./conformance-peer.ts";
import type { Peer } from "./peer.ts";
import { freePort, startServer, type ServerCommand } from "./started-process.ts";

/** What differs between emulators of Google Cloud KMS by strangers. Those that can be had know symmetric keys alone. */
export interface GcpPeer extends Pick<Peer, "name" | "from" | "deviations" | "untried" | "install"> {
  readonly transport: "rest" | "grpc";
  /** Why its keys are not rotated. */
  readonly noRotation: string;
  command(port: number): Omit<ServerCommand, "name">;
  /** Makes two keys, of the names in {@link gcpKey}, over the emulator's own API. */
  createKeys(endpoint: string): Promise<void>;
}

/** Where the keys are. */
export const keyRing = { location: "projects/peers-project/locations/europe-west1", id: "peers" } as const;
export const keyIds = { tried: "tried", other: "other" } as const;

const ring = `${keyRing.location}/keyRings/${keyRing.id}/cryptoKeys`;
const key: ConformanceKey = {
  kind: "symmetric",
  bits: 256,
  versions: "recorded",
  resource: `${ring}/${keyIds.tried}`,
  other: `${ring}/${keyIds.other}`,
};
const accessToken = "ya29.peers-access-token";

/** Our adapter over the official SDK, against an emulator of Google Cloud KMS by strangers. */
export function gcpPeer(peer: GcpPeer): Peer {
  return conformancePeer({
    ...peer,
    paper: harness(peer, "http://127.0.0.1:1"),
    async start() {
      const port = await freePort();
      const endpoint = `http://127.0.0.1:${port}`;
      const stop = await startServer({ name: peer.name, ...peer.command(port) });
      await peer.createKeys(endpoint);
      return { harness: harness(peer, endpoint), stop };
    },
  });
}

function harness({ name, transport, noRotation }: GcpPeer, endpoint: string): ConformanceHarness {
  return {
    adapter: () => gcp({ endpoint, transport, credentials: { accessToken } }),
    keys: [key],
    missing: `${ring}/missing`,
    invalid: [ring, `${ring}/`, `${ring}/../cryptoKeys/missing`],
    emulated: true,
    secrets: [accessToken],
    controls: {
      setState: `${name} disables and destroys no key version`,
      setAccess: `${name} cannot deny a key to its caller`,
      rotate: noRotation,
      fault: `${name} makes no faults on demand`,
    },
  };
}
