import { KmsError } from "@cmkit/core";
import type { AzureHosts } from "./azure-hosts.ts";

/** A key identifier, taken apart; everything in lower case, because Azure compares identifiers without regard to case. */
export interface KeyId {
  /** Canonical: names the version only if it was given. */
  readonly resource: string;
  /** `https://NAME.SUFFIX`. */
  readonly vaultUrl: string;
  /** The canonical identifier without a version. */
  readonly base: string;
  readonly name: string;
  readonly version: string | null;
  readonly hosts: AzureHosts;
}

/** A version of a key: 32 hex digits (object identifiers, Key Vault documentation). */
export const keyVersionGrammar: RegExp = /^[0-9a-f]{32}$/;

// 3 to 24 letters, digits and single hyphens (Key Vault documentation). No host in punycode passes.
const vaultName = /^(?!.*--)[a-z][a-z0-9-]{1,22}[a-z0-9]$/;
// An object's name: 1 to 127 letters, digits and hyphens (Key Vault documentation).
const grammar = /^https:\/\/([A-Za-z0-9.-]+)(?::443)?\/keys\/([A-Za-z0-9-]{1,127})(?:\/([0-9A-Fa-f]{32}))?\/?$/;

/** @returns `undefined` for anything but the identifier of a key in a vault or HSM under one of `hosts`. */
export function readKeyId(text: string, hosts: readonly AzureHosts[]): KeyId | undefined {
  const [, host, name, version = null] = grammar.exec(text)?.map((part) => part?.toLowerCase()) ?? [];
  if (host === undefined || name === undefined) return undefined;
  const dot = host.indexOf(".");
  const known = hosts.find(({ suffix }) => suffix === host.slice(dot + 1));
  if (dot < 0 || known === undefined || !vaultName.test(host.slice(0, dot))) return undefined;
  const vaultUrl = `https://${host}`;
  const base = `${vaultUrl}/keys/${name}`;
  return { resource: version === null ? base : `${base}/${version}`, vaultUrl, base, name, version, hosts: known };
}

/**
 * Parses the identifier that a customer gave. Its host gets our token: only those of `hosts` pass.
 *
 * @throws {KmsError} `invalid-resource`: everything else. The detail says what was expected, in our own words.
 */
export function parseKeyId(resource: string, hosts: readonly AzureHosts[]): KeyId {
  return readKeyId(resource, hosts) ?? refuse(whatIsWrong(resource, hosts));
}

const expectedForm =
  "https://NAME.vault.azure.net/keys/KEY or https://NAME.managedhsm.azure.net/keys/KEY, with or without a version";

function whatIsWrong(resource: string, hosts: readonly AzureHosts[]): string {
  if (/[^!-~]/.test(resource)) return `expected ${expectedForm}, got a space or a character that no identifier has`;
  const [, scheme, authority = "", path = ""] = /^([a-z]+):\/\/([^/?#\\]*)(.*)$/i.exec(resource) ?? [];
  if (scheme === undefined) return `expected ${expectedForm}`;
  if (scheme !== "https") return "expected the identifier to begin with https://, in lower case";
  if (authority.includes("@")) return "expected no user name before the host";
  const [host = "", port] = authority.toLowerCase().split(":");
  if (port !== undefined && port !== "443") return "expected no port in the identifier";
  if (host.split(".").includes("privatelink")) return "give the vault's own name: a private link is only a way to reach it";
  const known = hosts.find(({ suffix }) => host.endsWith(`.${suffix}`));
  if (known === undefined) return `expected a host under ${hosts.map(({ suffix }) => suffix).join(", ")}`;
  if (!vaultName.test(host.slice(0, -known.suffix.length - 1))) {
    return "expected one vault name before the suffix: 3 to 24 letters, digits and single hyphens";
  }
  return whatIsWrongWithPath(path);
}

function whatIsWrongWithPath(path: string): string {
  if (/[?#]/.test(path)) return "expected no query and no fragment";
  if (/[%\\]|\.\.|\/\//.test(path)) return "expected a plain path: /keys/KEY or /keys/KEY/VERSION";
  const [, collection, name, version] = path.split("/");
  if (!collection) return "expected the identifier of a key, got that of its vault: add /keys/KEY to it";
  if (collection !== "keys") return "expected the identifier of a key (/keys/), not of a secret or certificate";
  if (!/^[A-Za-z0-9-]{1,127}$/.test(name ?? "")) return "expected a key name of 1 to 127 letters, digits and hyphens";
  if (!/^[0-9A-Fa-f]{32}$/.test(version ?? "")) return "expected a version of 32 hex digits, or none";
  return `expected ${expectedForm}`;
}

function refuse(detail: string): never {
  throw new KmsError("invalid-resource", { provider: "azure", detail });
}
