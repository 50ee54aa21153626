import { createPublicKey, generateKeyPairSync } from "node:crypto";

import { CircuitBreaker, SimpleAuthenticationDetailsProvider } from "oci-common";
import { KmsCryptoClient, KmsManagementClient, KmsVaultClient } from "oci-keymanagement";
import { expect, onTestFinished, vi } from "vitest";

import {
  type OciEmulator,
  ociEmulator,
  type OciEmulatorOptions,
  type OciSeed,
  type OciSeedKey,
  type OciSeedPrincipal,
} from "../../src/index.ts";
import { fingerprintOf } from "../../src/oci/principal.ts";

export const tenancy = `ocid1.tenancy.oc1..${"t".repeat(60)}`;
export const strangerTenancy = `ocid1.tenancy.oc1..${"s".repeat(60)}`;
export const compartment = `ocid1.compartment.oc1..${"c".repeat(60)}`;
export const vaultId = `ocid1.vault.oc1.eu-frankfurt-1.entbf645aabf2.${"v".repeat(60)}`;

/** Throw-away principal with an API signing key of its own. */
export function principalOf(name: string, inTenancy = tenancy): OciSeedPrincipal & { readonly privateKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    tenancy: inTenancy,
    user: `ocid1.user.oc1..${name.padEnd(60, "a")}`,
    fingerprint: fingerprintOf(createPublicKey(publicKey.export({ type: "spki", format: "pem" }))),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

export const operator = principalOf("operator");
export const stranger = principalOf("stranger", strangerTenancy);

/** A seed with the two principals, one vault and these keys. */
export function seedOf(keys: readonly Partial<OciSeedKey>[]): OciSeed {
  const common = { displayName: "key", keyShape: { algorithm: "AES" as const, length: 32 } };
  return {
    cloud: "oci",
    principals: [operator, stranger],
    vaults: [{ id: vaultId, displayName: "main", compartmentId: compartment }],
    keys: keys.map((key) => Object.assign({}, common, key)),
  };
}

/** The official clients, pointed at an emulator. */
export interface Clients {
  readonly crypto: KmsCryptoClient;
  readonly management: KmsManagementClient;
  readonly vaults: KmsVaultClient;
}

/** The official SDK's own way to say who signs. */
export function providerOf({
  tenancy: inTenancy,
  user,
  fingerprint,
  privateKey = "",
}: OciSeedPrincipal): SimpleAuthenticationDetailsProvider {
  return new SimpleAuthenticationDetailsProvider(inTenancy, user, fingerprint, privateKey, null);
}

/** Clients of a principal. The SDK tells the console about every failure, which is of no use here. */
export function clientsOf(emulator: Pick<OciEmulator, "url">, authenticationDetailsProvider = providerOf(operator)): Clients {
  vi.spyOn(console, "warn").mockReturnValue();
  // These tests fail on purpose, more often than the breaker would let them.
  const settings = { circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }) };
  const clients = {
    crypto: new KmsCryptoClient({ authenticationDetailsProvider }, settings),
    management: new KmsManagementClient({ authenticationDetailsProvider }, settings),
    vaults: new KmsVaultClient({ authenticationDetailsProvider }, settings),
  };
  for (const client of Object.values(clients)) client.endpoint = emulator.url;
  return clients;
}

/** How a call was refused. */
export interface Refused {
  readonly statusCode?: number;
  readonly serviceCode?: string;
  readonly message?: string;
  readonly opcRequestId?: string;
}

/** What a call was refused with; an empty object when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<Refused> {
  return call.then(
    () => ({}),
    (reason: unknown) => reason as Refused,
  );
}

/** Expects a refusal with this status and code; the message holds `part`. */
export async function expectRefusal(call: Promise<unknown>, statusCode: number, serviceCode: string, part = ""): Promise<void> {
  const refused = await refusalOf(call);
  expect({ statusCode: refused.statusCode, serviceCode: refused.serviceCode }).toEqual({ statusCode, serviceCode });
  expect(refused.message).toContain(part);
}

/** An emulator for one test, closed when the test ends. */
export async function startForTest(options: OciEmulatorOptions): Promise<OciEmulator> {
  const emulator = await ociEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Bytes as the API has them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
