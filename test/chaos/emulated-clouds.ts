import { join } from "node:path";
import type { Cmk } from "@cmkit/core";
import {
  defaultAwsSeed,
  defaultAzureSeed,
  defaultGcpSeed,
  defaultOciSeed,
  emulatorControl,
  type EmulatorControl,
  type Fault,
} from "@cmkit/emulators";

import { devEmulators, type DevEmulators } from "../../packages/cli/src/dev-emulators.ts";
import { writeDevFile } from "../../packages/cli/src/dev-file.ts";
import type { Soak } from "../soak/soak.ts";
import type { KeyName } from "./chaos-cloud.ts";
import type { Weather } from "./weather.ts";

const providers = ["aws", "gcp", "azure", "oci"] as const;
export type EmulatedProvider = (typeof providers)[number];

/** Which cloud has which key in a run: every two of the four, in turn. */
export type CloudsOf = Readonly<Record<"source" | "target" | "rival", EmulatedProvider>>;

export function cloudsOf(seed: number): CloudsOf {
  const at = (offset: number): EmulatedProvider => providers[(seed + offset) % providers.length] ?? "aws";
  const step = 1 + (Math.floor(seed / providers.length) % (providers.length - 1));
  const rivalStep = step === 1 ? 2 : 1;
  return { source: at(0), target: at(step), rival: at(rivalStep) };
}

/** Emulators of the four clouds, with the weather of a run. */
export interface EmulatedClouds {
  /** The `cmkit.dev.json` that names them. */
  readonly file: string;
  /** The key of a cloud that runs use. */
  readonly key: (provider: EmulatedProvider) => Cmk;
  /** The cloud of a name is where it fails to be enabled; the rest is so everywhere. */
  readonly apply: (weather: Weather, clouds: CloudsOf) => Promise<void>;
  /** How many requests were met by a fault since the start: what the emulators answered with an error. */
  readonly requests: () => Promise<number>;
}

/** Starts them. RSA in Azure, where symmetric keys are an HSM's alone; symmetric keys elsewhere. */
export async function emulatedClouds(soak: Soak, directory: string, recordKey: Uint8Array): Promise<EmulatedClouds> {
  const seeds = { aws: defaultAwsSeed(), gcp: defaultGcpSeed(), azure: defaultAzureSeed(), oci: defaultOciSeed() };
  const emulators = await devEmulators(seeds, { aws: 0, gcp: 0, azure: 0, oci: 0, gcpGrpc: 0, registry: 0 });
  soak.atEnd(async () => emulators.close());
  const { clouds } = emulators;
  const file = join(directory, "cmkit.dev.json");
  const server = { url: "http://127.0.0.1:1", token: "cmkit_no-server-is-there" };
  await writeDevFile(file, { cmkitDev: 3, pid: process.pid, recordKey, ...clouds, server });
  const controls = controlsOf(clouds);
  const key = (provider: EmulatedProvider): Cmk => {
    const { rsa2048, symmetric } = clouds[provider].keys;
    return { provider, resource: provider === "azure" ? rsa2048 : symmetric };
  };
  return {
    file,
    key,
    async apply(weather, of) {
      await Promise.all(providers.map(async (provider) => setFaults(controls[provider], weather)));
      for (const name of ["source", "target", "rival"] as const) await setState(controls[of[name]], key(of[name]), name, weather);
    },
    async requests() {
      const counts = await Promise.all(providers.map(async (provider) => controls[provider].counts()));
      return counts.flatMap((each) => Object.values(each)).reduce((sum, count) => sum + count, 0);
    },
  };
}

type Controls = Readonly<
  Record<EmulatedProvider, Pick<EmulatorControl, "addFault" | "clearFaults" | "counts" | "disableKey" | "enableKey">>
>;

function controlsOf({ aws, gcp, azure, oci }: DevEmulators["clouds"]): Controls {
  const at = ({ endpoint, controlToken, ca }: { endpoint: string; controlToken: string; ca?: string }): EmulatorControl =>
    emulatorControl({ url: endpoint, controlToken, ...(ca === undefined ? {} : { ca }) });
  return { aws: at(aws), gcp: at(gcp), azure: at(azure), oci: at(oci) };
}

const lies: readonly Fault[] = [
  { fault: "other-key" },
  { fault: "other-plaintext" },
  { fault: "other-ciphertext" },
  { fault: "truncated-body" },
  { fault: "reset" },
].map((fault) => ({ ...fault, operation: "cryptographic" }) as Fault);

async function setFaults(control: Controls[EmulatedProvider], { throttled, unavailable, wrong }: Weather): Promise<void> {
  await control.clearFaults();
  if (throttled > 0) await control.addFault({ fault: "throttle", probability: throttled });
  if (unavailable > 0) await control.addFault({ fault: "server-error", probability: unavailable });
  if (wrong > 0) for (const lie of lies) await control.addFault({ ...lie, probability: wrong });
}

async function setState(
  control: Controls[EmulatedProvider],
  { resource }: Cmk,
  name: KeyName,
  { disabled }: Weather,
): Promise<void> {
  await (disabled.includes(name) ? control.disableKey(resource) : control.enableKey(resource));
}
