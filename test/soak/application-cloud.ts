import { createHmac, createSecretKey } from "node:crypto";
import { KmsError, type KmsAdapter } from "@cmkit/core";
import { local } from "@cmkit/core/local";

/** The CMK of the applications' projects. */
export const appKey = "local:soak";
/** Where what they seal belongs. */
export const appPath = ["soak", "text"] as const;

/** A cloud of one key, the same in every process of a set-up. */
export function appCloud(recordKey: Uint8Array): KmsAdapter {
  const aes256 = createHmac("sha256", createSecretKey(recordKey)).update("soak").digest();
  return local({ keys: { soak: { aes256 } } });
}

/** The same, with a customer who can disable the key, and a count of what the cloud is asked. */
export interface RevocableCloud {
  readonly adapter: KmsAdapter;
  requests: number;
  isDisabled: boolean;
}

export function revocableCloud(recordKey: Uint8Array): RevocableCloud {
  const inner = appCloud(recordKey);
  const asked = (): void => {
    cloud.requests += 1;
    if (cloud.isDisabled) throw new KmsError("key-disabled", { provider: "local" });
  };
  const cloud: RevocableCloud = {
    requests: 0,
    isDisabled: false,
    adapter: {
      ...inner,
      open: (resource) => {
        const driver = inner.open(resource);
        return {
          ...driver,
          describe: async (...given) => (asked(), driver.describe(...given)),
          wrap: async (...given) => (asked(), driver.wrap(...given)),
          unwrap: async (...given) => (asked(), driver.unwrap(...given)),
        };
      },
    },
  };
  return cloud;
}
