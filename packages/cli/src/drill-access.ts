import type { KmsKey } from "@cmkit/core";
import { type AzureEmulator, emulatorControl, type EmulatorControl, type GcpEmulator, type OciEmulator } from "@cmkit/emulators";

import { CliError } from "./cli-error.ts";
import type { DevFile } from "./dev-file.ts";

/** How access to a key is taken away for a drill, and given back. */
export interface DrillAccess {
  /** What is done, for the person at the terminal. */
  readonly taking: string;
  take(): Promise<void>;
  /** @returns How that ended. */
  giveBack(): Promise<string>;
}

/** With the controls of an emulator: the key is disabled, as a customer would disable it. */
export function emulatedAccess(key: KmsKey, dev: DevFile): DrillAccess {
  const name = key.keyResource;
  const control = controlOf(key.cmk.provider, dev);
  let isTaken = false;
  return {
    taking: "Disabling the key in its emulator.",
    async take() {
      isTaken = true; // also if it fails half-way
      await control.disableKey(name).catch(orFail(`${name} could not be disabled in its emulator.`));
    },
    async giveBack() {
      if (!isTaken) return "Access was not taken away.";
      await control.enableKey(name).catch(orFail(`${name} could not be enabled again in its emulator.`));
      return "The key is enabled again in its emulator.";
    },
  };
}

/** How to enable a key again that stayed disabled. */
export function enabledInEmulator({ cmk: { provider }, keyResource }: KmsKey): string {
  const target = provider === "azure" ? "url, controlToken, ca" : "url, controlToken";
  return (
    `In its emulator \`emulatorControl({ ${target} }).enableKey("${keyResource}")\` of @cmkit/emulators enables it again; ` +
    `url is ${provider}.endpoint in cmkit.dev.json, where the rest stands, too.`
  );
}

/** By the customer. */
export function realAccess({ cmk: { provider, resource } }: KmsKey): DrillAccess {
  let isAsked = false;
  return {
    taking: `Have the customer take the ${provider} key away now: ${resource}\n${ways[provider] ?? ""}Ctrl-C ends the drill.`,
    take: async () => void (isAsked = true),
    giveBack: async () =>
      isAsked ? "If the key was taken away, the customer must give it back: cmkit cannot." : "Access was not taken away.",
  };
}

const ways: Readonly<Record<string, string>> = {
  aws: "For instance: aws kms disable-key --key-id ARN\n",
  gcp: "For instance: gcloud kms keys versions disable VERSION --key KEY --keyring RING --location LOCATION\n",
  azure: "For instance: az keyvault key set-attributes --id ID --enabled false\n",
  oci: "For instance: oci kms management key disable --key-id OCID --endpoint MANAGEMENT-ENDPOINT\n",
};

type Switch = Pick<EmulatorControl, "disableKey" | "enableKey">;

function controlOf(provider: string, { aws, gcp, azure, oci }: DevFile): Switch {
  const targets: Readonly<Record<string, () => Switch>> = {
    aws: () => emulatorControl({ url: aws.endpoint, controlToken: aws.controlToken }),
    gcp: () => emulatorControl<GcpEmulator>({ url: gcp.endpoint, controlToken: gcp.controlToken }),
    azure: () => emulatorControl<AzureEmulator>({ url: azure.endpoint, controlToken: azure.controlToken, ca: azure.ca }),
    oci: () => emulatorControl<OciEmulator>({ url: oci.endpoint, controlToken: oci.controlToken }),
  };
  const target = targets[provider];
  if (target === undefined) throw new CliError("refused", `There is no emulator of ${provider}.`);
  return target();
}

function orFail(what: string): (error: unknown) => never {
  return () => {
    throw new CliError("refused", what, "See that `cmkit dev` is running; a key that stays disabled is one that it saves so.");
  };
}
