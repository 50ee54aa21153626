import { setTimeout as wait } from "node:timers/promises";
import type { KmsAdapter } from "@cmkit/core";

/** The same cloud, which takes up to so long to wrap a key: much can happen to a CMK meanwhile. */
export function slowCloud(cloud: KmsAdapter, maxMs: number): KmsAdapter {
  return {
    ...cloud,
    open: (resource) => {
      const driver = cloud.open(resource);
      return {
        ...driver,
        wrap: async (...given) => {
          await wait(Math.random() * maxMs);
          return driver.wrap(...given);
        },
      };
    },
  };
}
