import { generateKeyPairSync } from "node:crypto";
import { Agent, type AgentOptions, request } from "node:https";
import { connect } from "node:tls";

import { CryptographyClient, KeyClient, type KeyVaultKey } from "@azure/keyvault-keys";
import { expect, onTestFinished } from "vitest";

import {
  type AzureCredentialOptions,
  type AzureEmulator,
  azureEmulator,
  type AzureEmulatorOptions,
  type AzureSeed,
  type AzureSeedKey,
  type AzureSeedPrincipal,
} from "../../src/index.ts";

export const tenantId = "11111111-2222-4333-8444-555555555555";
export const otherTenantId = "99999999-2222-4333-8444-555555555555";

/** Made-up principals: an operator, an auditor who may only read, and someone of another tenant. */
export const operator: AzureSeedPrincipal = {
  objectId: "aaaaaaaa-0000-4000-8000-000000000001",
  appId: "bbbbbbbb-0000-4000-8000-000000000001",
};
export const reader: AzureSeedPrincipal = {
  objectId: "aaaaaaaa-0000-4000-8000-000000000002",
  appId: "bbbbbbbb-0000-4000-8000-000000000002",
  dataActions: ["Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/managedHsm/keys/read/action"],
};
export const stranger: AzureSeedPrincipal = {
  objectId: "aaaaaaaa-0000-4000-8000-000000000003",
  appId: "bbbbbbbb-0000-4000-8000-000000000003",
  tenantId: otherTenantId,
};

export const vaultUrl = "https://vault-one.vault.azure.net";
export const hsmUrl = "https://hsm-one.managedhsm.azure.net";

// Made once for all emulators of a file: each would make its own.
const tokenKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });

/** A seed with a vault, a managed HSM, the principals and these keys; RSA keys in the vault unless they say otherwise. */
export function seedOf(
  keys: readonly (Partial<AzureSeedKey> & { readonly name: string })[],
  more: Partial<AzureSeed> = {},
): AzureSeed {
  return {
    cloud: "azure",
    tenantId,
    tokenKey,
    vaults: [{ name: "vault-one" }, { name: "hsm-one", type: "managedhsm" }],
    principals: [operator, reader, stranger],
    keys: keys.map((key) => Object.assign({ vault: "vault-one", kty: "RSA" as const }, key)),
    ...more,
  };
}

/** Connects every name to the emulator, so that the client keeps the vault's own URL, with TLS checked against it. */
class EmulatorAgent extends Agent {
  readonly #port: number;

  constructor(port: number, options: AgentOptions) {
    super(options);
    this.#port = port;
  }

  override createConnection(options: object): ReturnType<typeof connect> {
    return connect({ ...options, host: "127.0.0.1", port: this.#port });
  }
}

interface Target {
  readonly emulator: Pick<AzureEmulator, "port" | "ca" | "credential">;
  readonly credential?: AzureCredentialOptions;
}

function clientOptions({ emulator }: Target): { agent: Agent; retryOptions: { maxRetries: number } } {
  const agent = new EmulatorAgent(emulator.port, { ca: emulator.ca });
  onTestFinished(() => agent.destroy());
  return { agent, retryOptions: { maxRetries: 0 } };
}

/** The official client of keys, at a vault's own URL; it tries once. */
export function keysOf(emulator: Target["emulator"], url: string = vaultUrl, credential: AzureCredentialOptions = {}): KeyClient {
  return new KeyClient(url, emulator.credential(credential), clientOptions({ emulator }));
}

/** The official client of cryptography; given as a stub of a key it asks for nothing first and checks nothing itself. */
export function cryptographyOf(
  emulator: Target["emulator"],
  id: string,
  credential: AzureCredentialOptions = {},
): CryptographyClient {
  const [, url = "", name = "", version] = /^(https:\/\/[^/]+)\/keys\/([^/]+)(?:\/(.+))?$/.exec(id) ?? [];
  const properties = { name, vaultUrl: url, ...(version === undefined ? {} : { version }) };
  const stub: KeyVaultKey = { id, name, properties };
  return new CryptographyClient(stub, emulator.credential(credential), clientOptions({ emulator }));
}

/** What came back to a request that no official client would send. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends any Host header, any path and any token; GET without a body, else POST. */
export async function raw(
  { port, ca }: Pick<AzureEmulator, "port" | "ca">,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const method = body === undefined ? "GET" : "POST";
  const sent = request(
    { host: "127.0.0.1", servername: "localhost", port, ca, method, path, headers, agent: false },
    (response) => {
      const chunks: Uint8Array[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }),
      );
    },
  );
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

/** What a call was refused with. */
export interface Refusal {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly inner: string | undefined;
  readonly message: string;
}

interface RestErrorShape extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly details?: { readonly error?: { readonly innerError?: { readonly code?: string } } };
}

/** Expects a call to fail, and gives what it failed with. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason as RestErrorShape,
  );
  const { statusCode, code, details, message }: RestErrorShape = error;
  return { status: statusCode, code, inner: details?.error?.innerError?.code, message };
}

/** Expects a refusal with this status, code and inner code. */
export async function expectRefusal(call: Promise<unknown>, status: number, code: string, inner?: string): Promise<void> {
  expect(await refusalOf(call)).toMatchObject({ status, code, inner });
}

/** Expects every one of these calls, made one after the other, to be refused so. */
export async function expectRefusals(
  calls: readonly (() => Promise<unknown>)[],
  status: number,
  code: string,
  inner?: string,
): Promise<void> {
  for (const call of calls) await expectRefusal(call(), status, code, inner);
}

/** A clock that a test moves by hand. */
export function manualClock(nowMs: number = Date.now()): { (): number; nowMs: number } {
  const clock = Object.assign(() => clock.nowMs, { nowMs });
  return clock;
}

/** An emulator for one test, closed when the test ends. */
export async function startForTest(options: AzureEmulatorOptions): Promise<AzureEmulator> {
  const emulator = await azureEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}
