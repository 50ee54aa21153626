import { gcpPeer, keyIds, keyRing } from "./gcp-peer.ts";
import type { Peer } from "./peer.ts";
import { installPython, python, pythonEnv } from "./python-environment.ts";

const encoding = "a wrap is base64 of JSON: equal input gives an equal wrap, and one wrap has several spellings";

/** Google Cloud KMS over REST in Python: real checksums, and a ciphertext that anyone can read. */
export const drongo: Peer = gcpPeer({
  name: "drongo",
  from: "drongo 0.8.0 from PyPI",
  transport: "rest",
  noRotation: "drongo makes no further key version",
  install: installPython,
  command: (port) => ({
    command: python,
    args: ["-m", "drongo.cli", "server", "--host", "127.0.0.1", "--port", String(port)],
    env: pythonEnv,
    health: `http://127.0.0.1:${port}/drongo/health`,
  }),
  async createKeys(endpoint) {
    const { location, id } = keyRing;
    await create(`${endpoint}/v1/${location}/keyRings?keyRingId=${id}`, {});
    for (const key of Object.values(keyIds)) {
      const url = `${endpoint}/v1/${location}/keyRings/${id}/cryptoKeys?cryptoKeyId=${key}`;
      await create(url, { purpose: "ENCRYPT_DECRYPT" });
    }
  },
  deviations: {
    "makes another wrap of the same key each time": encoding,
    "refuses a wrap with one bit changed, whichever byte it is in": encoding,
    "refuses a wrap with something before or behind it": encoding,
  },
});

async function create(url: string, what: unknown): Promise<void> {
  const { ok, status } = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(what),
  });
  if (!ok) throw new Error(`${url} answered ${status}`);
}
