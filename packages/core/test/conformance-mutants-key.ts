import type { KmsDriver } from "../src/driver.ts";
import { KmsError } from "../src/kms-error.ts";
import { mutant, drivers, unwraps, classifies, succeeded, differs, type Mutant } from "./conformance-mutant.ts";

export const stateMutants: readonly Mutant[] = [
  mutant(
    "remembers the key's state",
    "rsa",
    "stops using a disabled key, and starts again",
    /disabled/,
    (() => {
      const described = new Map<string, Awaited<ReturnType<KmsDriver["describe"]>>>();
      return drivers((driver) => ({
        async describe(version, call) {
          const answer = described.get(driver.resource) ?? (await driver.describe(version, call));
          described.set(driver.resource, answer);
          return answer;
        },
      }));
    })(),
  ),
  mutant(
    "takes pending deletion for disabled",
    "symmetric",
    "stops using a key that is pending deletion, and starts again",
    /expected key-pending-deletion, got key-disabled/,
    classifies("key-pending-deletion", "key-disabled"),
  ),
  mutant(
    "takes denied for not found",
    "rsa",
    "stops using a key that we are denied, and starts again",
    /expected access-denied, got key-not-found/,
    classifies("access-denied", "key-not-found"),
  ),
  mutant(
    "describes emulators as the cloud",
    "rsa",
    "describes the key",
    differs,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), emulated: false }),
    })),
  ),
  mutant(
    "has a quota of no request",
    "symmetric",
    "describes the key",
    /the quota is none to keep to/,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), quota: { name: "a", perSecond: 0 } }),
    })),
  ),
  mutant(
    "has a quota without a name",
    "rsa",
    "describes the key",
    /the quota is none to keep to/,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), quota: { name: "", perSecond: 1 } }),
    })),
  ),
  mutant(
    "takes an alias for the key",
    "symmetric",
    "resolves an alias once, and names the key itself in its wraps",
    /did not name the key itself/,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), resource: driver.resource }),
    })),
  ),
  mutant(
    "does not say which version wrapped",
    "symmetric",
    "records which version of the key wrapped",
    differs,
    drivers((driver) => ({
      wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), keyVersion: null }),
    })),
  ),
  mutant(
    "tries every version until one opens",
    "rsa",
    "opens no wrap under the label of another version",
    succeeded,
    unwraps((driver) => async (request, call) => {
      const opened = await driver.unwrap(request, call).catch(async () => driver.unwrap({ ...request, keyVersion: "1" }, call));
      return { ...opened, keyVersion: request.keyVersion };
    }),
  ),
  mutant(
    "unwraps with the newest version",
    "rsa",
    "opens old wraps after a rotation and makes new ones under the new version",
    /decryption failed/,
    unwraps((driver) => async (request, call) => driver.unwrap({ ...request, keyVersion: null }, call)),
  ),
];

export const publicKeyMutants: readonly Mutant[] = [
  mutant(
    "gives another public key each time",
    "rsa",
    "gives the same public key each time, of the described size",
    differs,
    (() => {
      let calls = 0;
      return drivers((driver, adapter) => ({
        async publicKey(version, call) {
          calls += 1;
          const asked = calls > 1 ? adapter.open("scripted:rsa-2") : driver;
          return { ...(await asked.publicKey(version, call)), answeredBy: driver.resource };
        },
      }));
    })(),
  ),
  mutant(
    "gives one public key for all keys",
    "rsa",
    "refuses a public key that is not the pinned one",
    succeeded,
    drivers((driver, adapter) => ({
      publicKey: async (version, call) => ({
        ...(await adapter.open("scripted:rsa").publicKey(version, call)),
        answeredBy: driver.resource,
      }),
    })),
  ),
  mutant(
    "cannot unwrap under a pin",
    "rsa",
    "wraps under a pinned public key without unwrapping first",
    /decryption failed/,
    unwraps(() => async () => {
      throw new KmsError("decrypt-failed");
    }),
  ),
  mutant(
    "describes a symmetric key as RSA",
    "symmetric",
    "has no public key",
    /expected wrong-key-type/,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), kind: "rsa", bits: 2048 }),
      publicKey: async () => {
        throw new KmsError("unknown");
      },
    })),
  ),
];
