import { randomBytes } from "node:crypto";
import { aws } from "@cmkit/aws";
import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { cmkRegistry, type Registry, type RegistryStore } from "@cmkit/registry";
import { postgresStore } from "@cmkit/registry/postgres";
import type { BenchPostgres } from "./bench-postgres.ts";
import { bulkyLocal } from "./bulky-local.ts";
import type { CloudSettings } from "./bench-clouds.ts";

/** How to open the registry: JSON, because some measurements happen in another process. */
export interface RewrapSettings {
  readonly url: string;
  /** 32 bytes each, base64. */
  readonly keys: { readonly first: string; readonly second: string };
  readonly recordKey: string;
  /** Of each request to the local keys; none: it is answered at once. */
  readonly latencyMs?: number;
  /** Where the second key is, unless it is local. */
  readonly cloud?: Extract<CloudSettings, { provider: "aws" }>;
}

/** A registry whose projects have two local keys each, and what is below it. */
export interface RewrapWorld extends AsyncDisposable {
  readonly registry: Registry;
  readonly store: RegistryStore;
  readonly kms: Kms;
}

export const first = { provider: "local", resource: "local:first" } as const;
export const second = { provider: "local", resource: "local:second" } as const;

export function rewrapSettings({ url }: BenchPostgres): RewrapSettings {
  const key = (): string => randomBytes(32).toString("base64");
  return { url, keys: { first: key(), second: key() }, recordKey: key() };
}

export function openWorld({ url, keys, recordKey, latencyMs, cloud }: RewrapSettings): RewrapWorld {
  const adapter = bulkyLocal({ first: bytes(keys.first), second: bytes(keys.second) }, latencyMs);
  const kms = multiCloudKms({ adapters: [adapter, ...(cloud === undefined ? [] : [aws(cloud)])] });
  const store = postgresStore(url);
  const registry = cmkRegistry({ kms, store, recordKey: bytes(recordKey), allowLocal: true, sharedResources: true });
  return { registry, store, kms, [Symbol.asyncDispose]: async () => registry.close() };
}

export function secondOf({ cloud }: RewrapSettings): Cmk {
  return cloud === undefined ? second : { provider: cloud.provider, resource: cloud.resource };
}

/** Of base64. */
export function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
