import { generateKeyPairSync } from "node:crypto";
import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import type { KeyKind, KmsAdapter, KmsErrorCode } from "@cmkit/core";
import {
  awsEmulator,
  azureEmulator,
  defaultAwsSeed,
  defaultAzureSeed,
  defaultGcpSeed,
  defaultOciSeed,
  gcpEmulator,
  ociEmulator,
} from "@cmkit/emulators";
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";

/** A cloud in which a test is the customer. */
export interface RevocableCloud {
  readonly provider: string;
  /** One for each process. */
  readonly adapter: () => KmsAdapter;
  /** Makes a key and gives its name. @param validMs Until it expires, by the cloud's clock. */
  readonly newKey: (kind: KeyKind, validMs?: number) => Promise<string>;
  /** Its clock goes on by this much. */
  readonly wait: (ms: number) => void;
  readonly emulator: Emulator;
  /** What each way to take a key away is called here. */
  readonly codes: Readonly<Record<Revocation, KmsErrorCode>>;
  /** What a key is called that has expired, and whether it still opens. Absent where keys do not expire. */
  readonly expired?: { readonly code: KmsErrorCode; readonly opens: boolean };
}

/** An emulator, whatever its cloud. */
interface Emulator {
  deny(key: string): void;
  disableKey(key: string): void;
  scheduleKeyDeletion(key: string, days?: number): void;
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** What a customer, or time, does to a key. */
export type Revocation = "denied" | "disabled" | "pending deletion" | "destroyed";

// One for all: making RSA keys takes most of the time.
const rsaPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });

/** A clock that a test sets on. */
class CloudClock {
  private aheadMs = 0;
  readonly now = (): number => Date.now() + this.aheadMs;
  readonly wait = (ms: number): void => void (this.aheadMs += ms);
}

const common = { denied: "access-denied", disabled: "key-disabled", "pending deletion": "key-pending-deletion" } as const;

export async function awsCloud(): Promise<RevocableCloud> {
  const { now, wait } = new CloudClock();
  const emulator = await awsEmulator({ seed: { ...defaultAwsSeed(), keys: [] }, clock: now });
  const place = { region: emulator.region, account: "111122223333" } as const;
  return {
    provider: "aws",
    adapter: () => aws({ endpoint: emulator.url, credentials: emulator.credentials }),
    newKey: async (kind, validMs) =>
      emulator.createKey({
        ...place,
        ...(kind === "rsa" ? { keySpec: "RSA_2048", material: rsaPem } : { keySpec: "SYMMETRIC_DEFAULT" }),
        ...(validMs !== undefined && { origin: "EXTERNAL", validTo: new Date(now() + validMs).toISOString() }),
      }),
    wait,
    emulator,
    codes: { ...common, destroyed: "key-not-found" },
    expired: { code: "key-pending-import", opens: false }, // its imported material is gone
  };
}

export async function gcpCloud(): Promise<RevocableCloud> {
  const { now, wait } = new CloudClock();
  const emulator = await gcpEmulator({ seed: { ...defaultGcpSeed(), keys: [] }, clock: now });
  let made = 0;
  return {
    provider: "gcp",
    adapter: () => gcp({ endpoint: emulator.url, credentials: { accessToken: emulator.credentials.accessToken } }),
    newKey: async (kind) =>
      emulator.createKey({
        name: `key-${(made += 1)}`,
        ...(kind === "rsa"
          ? { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256", versions: [{ material: rsaPem }] }
          : { algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" }),
      }),
    wait,
    emulator,
    codes: { ...common, destroyed: "key-destroyed" },
  };
}

export async function azureCloud(): Promise<RevocableCloud> {
  const { now, wait } = new CloudClock();
  const emulator = await azureEmulator({ seed: { ...defaultAzureSeed(), keys: [], tokenKey: rsaPem }, clock: now });
  const { url: endpoint, ca } = emulator;
  let made = 0;
  return {
    provider: "azure",
    adapter: () => azure({ endpoint, ca, credential: emulator.credential() }),
    newKey: async (kind, validMs) =>
      emulator.createKey({
        name: `key-${(made += 1)}`,
        ...(kind === "rsa" ? { vault: "cmkit-dev", kty: "RSA" } : { vault: "cmkit-hsm", kty: "oct-HSM", keySize: 256 }),
        versions: [
          {
            ...(kind === "rsa" && { material: rsaPem }),
            ...(validMs !== undefined && { expires: new Date(now() + validMs).toISOString() }),
          },
        ],
      }),
    wait,
    emulator,
    codes: { ...common, destroyed: "key-not-found" },
    // https://learn.microsoft.com/azure/key-vault/keys/about-keys-details: outside its period a key decrypts and unwraps.
    expired: { code: "key-expired", opens: true },
  };
}

export async function ociCloud(): Promise<RevocableCloud> {
  const { now, wait } = new CloudClock();
  const emulator = await ociEmulator({ seed: { ...defaultOciSeed(), keys: [] }, clock: now });
  let made = 0;
  return {
    provider: "oci",
    adapter: () => oci({ endpoint: emulator.url, credentials: emulator.credentials }),
    newKey: async (kind) =>
      emulator.createKey({
        displayName: `key-${(made += 1)}`,
        ...(kind === "rsa"
          ? { keyShape: { algorithm: "RSA", length: 256 }, material: rsaPem }
          : { keyShape: { algorithm: "AES", length: 32 } }),
      }),
    wait,
    emulator,
    // To who may not even see a key, OCI says that there is none.
    codes: { ...common, denied: "key-not-found", destroyed: "key-destroyed" },
  };
}
