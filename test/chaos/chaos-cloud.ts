import { createHmac, createSecretKey } from "node:crypto";
import { KmsError, type KmsAdapter, type KmsDriver } from "@cmkit/core";
import { local } from "@cmkit/core/local";

import type { Forecast } from "./weather.ts";

/** The keys of the cloud: what data keys leave, where they may go, whose they never were, and the operator's own. */
export const keyNames = ["source", "target", "rival", "bystander", "operator"] as const;
export type KeyName = (typeof keyNames)[number];

const versionsEach = 3;
const grammar = /^local:(?<name>[a-z]+)$/;

/** How a CMK names a key of this cloud. */
export function resourceOf(name: KeyName): string {
  return `local:${name}`;
}

/**
 * A cloud that costs nothing: AES keys with versions, the same in every process that has the record key. It answers
 * truthfully and at once, and knows which keys their customer has disabled.
 */
export function chaosCloud(recordKey: Uint8Array, forecast: Forecast): KmsAdapter {
  const keys = local({ keys: Object.fromEntries(keyNames.flatMap((name) => versionsOf(name, recordKey))) });
  return {
    provider: "local",
    keyVersionGrammar: /^[1-9]$/,
    classify: (error, operation) => keys.classify(error, operation),
    open: (resource) => driverOf(nameIn(resource), resource, keys, forecast),
  };
}

function versionsOf(name: KeyName, recordKey: Uint8Array): readonly [string, { readonly aes256: Uint8Array }][] {
  const secret = createSecretKey(recordKey);
  return Array.from({ length: versionsEach }, (_, at) => {
    const version = `${name}-${at + 1}`;
    return [version, { aes256: createHmac("sha256", secret).update(version).digest() }];
  });
}

function nameIn(resource: string): string {
  const name = grammar.exec(resource)?.groups?.["name"];
  if (!keyNames.some((known) => known === name)) throw new KmsError("invalid-resource", { provider: "local" });
  return name ?? "";
}

function driverOf(name: string, resource: string, keys: KmsAdapter, forecast: Forecast): KmsDriver {
  const current = (): string => String(forecast().versions[name] ?? 1);
  const at = (version: string): KmsDriver => keys.open(`local:${name}-${version}`);
  const answer = (keyVersion: string): { answeredBy: string; keyVersion: string } => ({ answeredBy: resource, keyVersion });
  const enabled = (): void => {
    if (forecast().disabled.includes(name)) throw new KmsError("key-disabled", { provider: "local" });
  };
  return {
    resource,
    resolved: true,
    async describe(keyVersion, call) {
      const { quota, disabled } = forecast();
      const limit = quota === 0 ? {} : { quota: { name: "chaos", perSecond: quota } };
      const state = disabled.includes(name) ? "disabled" : "enabled";
      const version = keyVersion ?? current();
      return { ...(await at(version).describe(null, call)), resource, keyVersion: version, state, ...limit };
    },
    publicKey: async (keyVersion, call) => at(keyVersion ?? current()).publicKey(null, call),
    async wrap(request, call) {
      enabled();
      const version = current();
      return { ...(await at(version).wrap(request, call)), ...answer(version) };
    },
    async unwrap(request, call) {
      enabled();
      const { keyVersion: version } = request;
      if (version === null) throw new KmsError("decrypt-failed", { provider: "local" });
      return { ...(await at(version).unwrap({ ...request, keyVersion: "1" }, call)), ...answer(version) };
    },
  };
}
