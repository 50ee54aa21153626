import { generateKeyPairSync } from "node:crypto";
import type { OciAnswer, OciApiKey, OciClient } from "../src/index.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const privateKey: string = pair.privateKey.export({ type: "pkcs8", format: "pem" });

const unique = (letter: string): string => letter.repeat(60);
export const vault = "bfqfhkltaaeuk";
export const tenancy = `ocid1.tenancy.oc1..${unique("t")}`;
export const credentials: OciApiKey = {
  tenancy,
  user: `ocid1.user.oc1..${unique("u")}`,
  fingerprint: "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34",
  privateKey,
};
export const keyOcid: string = `ocid1.key.oc1.iad.${vault}.${unique("k")}`;
export const otherOcid: string = `ocid1.key.oc1.iad.${vault}.${unique("j")}`;
export const versionOcid: string = `ocid1.keyversion.oc1.iad.${vault}.aumtmbmqgsiaa.${unique("v")}`;
export const otherVersionOcid: string = `ocid1.keyversion.oc1.iad.${vault}.aumtmbmqgsiaa.${unique("w")}`;
export const cmk: { readonly provider: "oci"; readonly resource: string } = { provider: "oci", resource: keyOcid };
export const context: { readonly tenant: string } = { tenant: "acme" };

/** What GetKey says of an AES-256 key. */
export const key = {
  id: keyOcid,
  vaultId: `ocid1.vault.oc1.iad.${vault}.${unique("a")}`,
  compartmentId: `ocid1.compartment.oc1..${unique("c")}`,
  displayName: "customer's",
  currentKeyVersion: versionOcid,
  keyShape: { algorithm: "AES", length: 32, curveId: null },
  protectionMode: "HSM",
  lifecycleState: "ENABLED",
  timeCreated: "2026-01-02T03:04:05.678Z",
  timeOfDeletion: null,
  isAutoRotationEnabled: false,
};

const publicKey: string = pair.publicKey.export({ type: "spki", format: "pem" });

/** What GetKeyVersion says of its current version. */
export const keyVersion = {
  id: versionOcid,
  keyId: keyOcid,
  publicKey,
  lifecycleState: "ENABLED",
  origin: "INTERNAL",
  timeCreated: "2026-01-02T03:04:05.678Z",
  timeOfDeletion: null,
};

type Method = "encrypt" | "decrypt" | "getKey" | "getKeyVersion";

export interface FakeClient extends OciClient {
  readonly calls: (readonly [Method, unknown])[];
}

/** Clients that answer each method by its name. */
export function fakeClient(answers: Partial<Readonly<Record<Method, OciAnswer>>>): FakeClient {
  const calls: (readonly [Method, unknown])[] = [];
  const method = (name: Method) => async (request: unknown) => {
    calls.push([name, request]);
    return answers[name] ?? {};
  };
  return {
    calls,
    crypto: { encrypt: method("encrypt"), decrypt: method("decrypt") },
    management: { getKey: method("getKey"), getKeyVersion: method("getKeyVersion") },
  };
}
