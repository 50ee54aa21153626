import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { KmsAdapter, KmsDriver } from "@cmkit/core";
import { local } from "@cmkit/core/local";

const ballast = new Uint8Array(randomBytes(600));

/**
 * AES keys of this process whose wraps are as long as the clouds': 300 to 600 bytes. The KMS that costs least: what is
 * measured with it is everything else.
 *
 * @param latencyMs How long each request takes. Default: it is answered at once.
 */
export function bulkyLocal(keys: Readonly<Record<string, Uint8Array>>, latencyMs?: number): KmsAdapter {
  const named = Object.entries(keys).map(([name, aes256]) => [name, { aes256 }] as const);
  const adapter = local({ keys: Object.fromEntries(named) });
  return {
    ...adapter,
    open: (resource) => bulky(adapter.open(resource), latencyMs),
  };
}

/** The first two bytes say how long the wrap within is. */
function bulky(driver: KmsDriver, latencyMs: number | undefined): KmsDriver {
  return {
    ...driver,
    async wrap(request, call) {
      const { bytes, ...rest } = await driver.wrap(request, call);
      if (latencyMs !== undefined) await sleep(latencyMs);
      const length = 300 + (((bytes[1] ?? 0) * 256 + (bytes[2] ?? 0)) % 301); // as random as the initialisation vector
      const padded = ballast.slice(0, length);
      padded.set([bytes.length >> 8, bytes.length & 255]);
      padded.set(bytes, 2);
      return { ...rest, bytes: padded };
    },
    async unwrap(request, call) {
      if (latencyMs !== undefined) await sleep(latencyMs);
      const [high = 0, low = 0] = request.bytes;
      return driver.unwrap({ ...request, bytes: request.bytes.subarray(2, 2 + high * 256 + low) }, call);
    },
  };
}
