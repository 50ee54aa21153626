import { setTimeout as wait } from "node:timers/promises";

import { CallLog } from "../call-log.ts";
import { controlActions } from "../control-actions.ts";
import { emulatorServer, type EmulatorServer } from "../emulator-server.ts";
import { FaultScript } from "../fault-script.ts";
import { formatKey, newRsaKey, parseRsaKey } from "../secret-key.ts";
import { TokenSigner } from "./access-token.ts";
import { TokenIssuer } from "./credential.ts";
import { type AzureEmulatorVerbs, emulatorVerbs } from "./emulator-verbs.ts";
import { addKeys } from "./key-factory.ts";
import { KeyStore } from "./key-store.ts";
import { type AzureSeed, type AzureSeedVault, defaultAzureSeed, parseAzureSeed, parseAzureSeedKey, parseDenial } from "./seed.ts";
import { vaultService } from "./service.ts";
import { throwAwayCertificate } from "./throw-away-certificate.ts";
import { type Vault, vaultDomains } from "./vault.ts";

/** How an emulator is started. */
export interface AzureEmulatorOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** What it starts with; {@link defaultAzureSeed} without. Checked, so it may come straight from a file. */
  readonly seed?: AzureSeed;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly clock?: () => number;
  /** How a latency fault waits; a timer by default. */
  readonly delay?: (ms: number) => Promise<void>;
}

/** A running emulator of Key Vault and Managed HSM. */
export interface AzureEmulator extends AzureEmulatorVerbs, EmulatorServer {
  /** PEM of the certificate authority that clients of this emulator trust; new at every start. */
  readonly ca: string;
}

const tokenKeyBits = 2048;

const certificateNames = {
  dns: ["localhost", ...vaultDomains.flatMap((domain) => [`*.vault.${domain}`, `*.managedhsm.${domain}`])],
  ip: ["127.0.0.1", "::1"],
};

const vaultDefaults = {
  type: "vault",
  domain: "azure.net",
  softDeleteDays: 90,
  purgeProtection: false,
  readsDisabledKeys: false,
  deletionTakesMs: 0,
  permissionModel: "rbac",
} as const;

function vaultOf(seed: AzureSeedVault): Vault {
  return { ...vaultDefaults, ...seed };
}

/**
 * Starts an emulator of Azure Key Vault and Managed HSM on 127.0.0.1, over HTTPS, for the official SDKs. A client keeps its vault's own URL
 * and only connects elsewhere, or it uses `url` and reaches the seed's first vault. Tokens are signed and verified, keys are real, and one
 * emulator serves every vault of its seed.
 *
 * @throws {TypeError | RangeError} when the seed is not well formed.
 */
export async function azureEmulator(options: AzureEmulatorOptions = {}): Promise<AzureEmulator> {
  const clock = options.clock ?? Date.now;
  const given = parseAzureSeed(options.seed ?? defaultAzureSeed());
  const store = new KeyStore(given.vaults.map(vaultOf), clock);
  const [certificate, tokenKey] = await Promise.all([
    throwAwayCertificate(certificateNames),
    given.tokenKey === undefined ? newRsaKey(tokenKeyBits) : parseRsaKey(tokenKeyBits, given.tokenKey, "seed.tokenKey"),
    addKeys(store, given.keys, clock()),
  ]);
  const seed = { ...given, tokenKey: formatKey(tokenKey) };
  const signer = new TokenSigner(tokenKey);
  const issuer = new TokenIssuer(signer, seed.tenantId, seed.principals, clock);
  const faults = new FaultScript();
  const log = new CallLog();

  const stopped = new AbortController();
  const verbs = emulatorVerbs(seed, issuer, store, faults, log, clock);
  const service = vaultService({
    rules: { signer, tenantId: seed.tenantId, principals: seed.principals },
    store,
    faults,
    calls: log,
    clock,
    delay: options.delay ?? ((ms) => wait(ms, undefined, { signal: stopped.signal })),
  });
  const server = await emulatorServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    tls: { key: certificate.key, cert: certificate.cert },
    answersTo: (host) => store.vaultAt(host) !== undefined,
    service,
    controls: {
      token: verbs.controlToken,
      actions: controlActions(verbs, { seedKey: parseAzureSeedKey, denial: parseDenial }),
      faults,
      calls: log,
    },
    stopped,
  });
  return {
    ...verbs,
    ca: certificate.ca,
    // A spread reads a getter once.
    get keys() {
      return verbs.keys;
    },
    ...server,
  };
}
