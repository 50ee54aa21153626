import { multiCloudKms, type Kms } from "@cmkit/core";
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
import { expect, it, onTestFinished } from "vitest";

import { cloudAdapter } from "../src/cloud-adapter.ts";
import { cloudOf } from "../src/clouds.ts";
import type { Provider } from "../src/cloud.ts";
import { emulatedAccess, enabledInEmulator, realAccess } from "../src/drill-access.ts";
import type { DevFile } from "../src/dev-file.ts";
import { devSample } from "./dev-sample.ts";

/** An emulator with one symmetric key, as a `cmkit.dev.json` names it; and one more name of the key, if the cloud has some. */
interface Stage {
  readonly dev: DevFile;
  readonly resources: readonly string[];
}

const symmetric = (name: string): boolean => name.includes("symmetric");

const stages: Readonly<Record<Provider, () => Promise<Stage>>> = {
  async aws() {
    const seed = defaultAwsSeed();
    const emulator = await awsEmulator({ seed: { ...seed, keys: seed.keys.filter(({ alias = "" }) => symmetric(alias)) } });
    onTestFinished(async () => emulator.close());
    const { url: endpoint, controlToken, credentials } = emulator;
    const arn = emulator.keyArn("alias/cmkit-symmetric");
    const alias = arn.replace(/key\/.*/, "alias/cmkit-symmetric");
    return { dev: devSample({ aws: { ...devSample().aws, endpoint, controlToken, credentials } }), resources: [arn, alias] };
  },
  async gcp() {
    const seed = defaultGcpSeed();
    const emulator = await gcpEmulator({ seed: { ...seed, keys: seed.keys.filter(({ name }) => symmetric(name)) } });
    onTestFinished(async () => emulator.close());
    const { url: endpoint, controlToken, credentials } = emulator;
    const name = emulator.keyNamed("cmkit-symmetric");
    return { dev: devSample({ gcp: { ...devSample().gcp, endpoint, controlToken, credentials } }), resources: [name] };
  },
  async azure() {
    const seed = defaultAzureSeed();
    const emulator = await azureEmulator({ seed: { ...seed, keys: seed.keys.filter(({ name }) => symmetric(name)) } });
    onTestFinished(async () => emulator.close());
    const { url: endpoint, controlToken, ca, credentials } = emulator;
    const azure = { ...devSample().azure, endpoint, controlToken, ca, ...credentials };
    const id = emulator.keyNamed("cmkit-symmetric");
    const version = emulator.keys[0]?.versions[0]?.version ?? "";
    return { dev: devSample({ azure }), resources: [id, `${id}/${version}`] };
  },
  async oci() {
    const seed = defaultOciSeed();
    const emulator = await ociEmulator({
      seed: { ...seed, keys: seed.keys.filter(({ displayName }) => symmetric(displayName)) },
    });
    onTestFinished(async () => emulator.close());
    const { url: endpoint, controlToken, credentials } = emulator;
    const id = emulator.keyNamed("cmkit-symmetric");
    return { dev: devSample({ oci: { ...devSample().oci, endpoint, controlToken, credentials } }), resources: [id] };
  },
};

async function kmsOf(provider: Provider, dev: DevFile): Promise<Kms> {
  const kms = multiCloudKms({ adapters: [await cloudAdapter(cloudOf(provider), dev)] });
  onTestFinished(async () => kms.close());
  return kms;
}

it.each(Object.keys(stages) as Provider[])("takes a key of %s away in its emulator, and gives it back", async (provider) => {
  const { dev, resources } = await stages[provider]();
  const kms = await kmsOf(provider, dev);
  const context = { tenant: "acme" };
  for (const resource of resources) {
    const key = kms.open({ provider, resource });
    await key.describe({ timeoutMs: 60_000 });
    const access = emulatedAccess(key, dev);
    expect(await access.giveBack()).toBe("Access was not taken away.");
    await access.take();
    await expect(key.generateDataKey(context)).rejects.toMatchObject({ code: "key-disabled" });
    expect(await access.giveBack()).toBe("The key is enabled again in its emulator.");
    await expect(key.generateDataKey(context)).resolves.toBeDefined();
    const ca = provider === "azure" ? ", ca" : "";
    expect(enabledInEmulator(key)).toContain(`emulatorControl({ url, controlToken${ca} }).enableKey("${resources[0]}")`);
    const real = realAccess(key);
    expect(real.taking).toMatch(/^Have the customer .*\nFor instance: \w+ .*\nCtrl-C/);
  }
});

it("says so when an emulator cannot be asked", async () => {
  const kms = await kmsOf("aws", devSample());
  const key = kms.open({ provider: "aws", resource: devSample().aws.keys.symmetric });
  const access = emulatedAccess(key, devSample());
  await expect(access.take()).rejects.toThrow(/could not be disabled in its emulator\.\nSee that `cmkit dev` is running/);
  await expect(access.giveBack()).rejects.toThrow(/could not be enabled again/);
});
