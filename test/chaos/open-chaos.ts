import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { multiCloudKms, type Cmk, type Kms, type KmsAdapter } from "@cmkit/core";
import { cmkRegistry, type Registry, type RegistryStore } from "@cmkit/registry";
import { postgresStore } from "@cmkit/registry/postgres";
import { sqliteStore } from "@cmkit/registry/sqlite";

import { chaosCloud, resourceOf } from "./chaos-cloud.ts";
import { clear, type Forecast } from "./weather.ts";

/** The project whose data keys are rewrapped, and one beside it that nobody touches. */
export const project = "acme";
export const bystander = "bystander";

/** What a process needs to open the registry of a run. */
export interface ChaosSetUp {
  /** Where `record.key` is. */
  readonly directory: string;
  /** `sqlite:FILE` or `postgres://…` */
  readonly store: string;
  /** The `cmkit.dev.json` of emulators, which are then the clouds. */
  readonly dev: string | null;
  /** Whether keys of the operator's serve projects that have none. */
  readonly hasOperator: boolean;
}

/** A registry as a process of a run has it. */
export interface OpenedChaos {
  readonly registry: Registry;
  readonly store: RegistryStore;
  readonly kms: Kms;
  readonly recordKey: Uint8Array;
  readonly close: () => Promise<void>;
}

/** What may come between a process and the clouds, and between it and the store. */
export interface ChaosLayers {
  readonly forecast?: Forecast;
  readonly cloud?: (cloud: KmsAdapter) => KmsAdapter;
  readonly store?: (store: RegistryStore) => RegistryStore;
}

export const operatorCmk: Cmk = { provider: "local", resource: resourceOf("operator") };
export const bystanderCmk: Cmk = { provider: "local", resource: resourceOf("bystander") };

export async function openChaos(setUp: ChaosSetUp, layers: ChaosLayers = {}): Promise<OpenedChaos> {
  const { forecast = () => clear, cloud = (given) => given, store: storeLayer = (given) => given } = layers;
  const recordKey = new Uint8Array(await readFile(join(setUp.directory, "record.key")));
  const clouds = setUp.dev === null ? [chaosCloud(recordKey, forecast)] : await emulators(setUp.dev);
  const store = storeLayer(storeOf(setUp.store));
  const kms = multiCloudKms({ adapters: clouds.map(cloud) });
  const operator = setUp.hasOperator ? { operatorCmk } : {};
  const registry = cmkRegistry({ kms, store, recordKey, allowLocal: true, ...operator });
  const close = async (): Promise<void> => {
    await registry.close();
    await kms.close();
  };
  return { registry, store, kms, recordKey, close };
}

/** Opens it for as long as something is done with it. */
export async function withChaos<T>(
  setUp: ChaosSetUp,
  run: (opened: OpenedChaos) => Promise<T>,
  layers: ChaosLayers = {},
): Promise<T> {
  const opened = await openChaos(setUp, layers);
  try {
    return await run(opened);
  } finally {
    await opened.close();
  }
}

async function emulators(dev: string): Promise<readonly KmsAdapter[]> {
  const { devAdapters } = await import("@cmkit/cli");
  return devAdapters(dev);
}

function storeOf(name: string): RegistryStore {
  return name.startsWith("sqlite:") ? sqliteStore(name.slice("sqlite:".length)) : postgresStore(name, { maxConnections: 6 });
}
