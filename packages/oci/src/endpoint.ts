import { checkedEndpoint } from "@cmkit/core/adapter";
import type { VaultPlace } from "./key-ocid.ts";

/** The two hosts that every vault has. */
export interface VaultEndpoints {
  /** Encrypts and decrypts. */
  readonly crypto: string;
  /** Describes keys and key versions. */
  readonly management: string;
}

// The regions whose vaults have hosts without `.oci.`; those of all others have it. OCI CLI, kms: `regions_without_oci`.
const withoutOciLabel: ReadonlySet<string> = new Set([
  "us-ashburn-1",
  "us-phoenix-1",
  "us-luke-1",
  "us-langley-1",
  "us-gov-ashburn-1",
  "us-gov-chicago-1",
  "us-gov-phoenix-1",
  "ca-montreal-1",
  "ca-toronto-1",
  "sa-saopaulo-1",
  "eu-frankfurt-1",
  "eu-amsterdam-1",
  "eu-zurich-1",
  "uk-london-1",
  "uk-gov-london-1",
  "ap-melbourne-1",
  "ap-mumbai-1",
  "ap-osaka-1",
  "ap-seoul-1",
  "ap-sydney-1",
  "ap-tokyo-1",
  "me-jeddah-1",
]);

/** The cloud's own endpoints of a vault. */
export function cloudEndpoints({ realm, region, vault }: VaultPlace): VaultEndpoints {
  const rest = `kms.${region}${withoutOciLabel.has(region) ? "" : ".oci"}.${realm.domain}`;
  return { crypto: `https://${vault}-crypto.${rest}`, management: `https://${vault}-management.${rest}` };
}

/**
 * Checks endpoints that the application chose in code. One URL stands for both.
 *
 * @returns Them without a slash at the end.
 * @throws {TypeError} unless both are https, or plain http to this machine, without userinfo, query and fragment.
 */
export function checkedEndpoints(endpoint: string | VaultEndpoints): VaultEndpoints {
  const { crypto, management } = typeof endpoint === "string" ? { crypto: endpoint, management: endpoint } : endpoint;
  return { crypto: withoutSlash(crypto), management: withoutSlash(management) };
}

function withoutSlash(endpoint: string): string {
  return checkedEndpoint(endpoint).href.replace(/\/$/, "");
}

/** Whether one of the endpoints is anything but a host of the key's realm. */
export function isEmulated({ crypto, management }: VaultEndpoints, { realm }: VaultPlace): boolean {
  return [crypto, management].some((endpoint) => !new URL(endpoint).hostname.endsWith(`.${realm.domain}`));
}
