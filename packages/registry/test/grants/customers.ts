import { generateKeyPairSync } from "node:crypto";

import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import { multiCloudKms, type Cmk, type KeyKind, type Kms } from "@cmkit/core";
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
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";

import type { Accessors } from "../../src/accessors.ts";
import type { Grant } from "../../src/grant.ts";
import { accessors, textOf } from "./requests.ts";

/** A customer whose keys allow us nothing at first. */
export interface Customer {
  readonly kms: Kms;
  readonly accessors: Accessors;
  /** The form that this customer pastes. */
  readonly form: string;
  /** The cloud's names of what a text of that form allows. */
  readonly permissionsIn: (text: string) => readonly string[];
  /** A key on which all that is allowed is in `pasted`. */
  readonly key: (kind: KeyKind, pasted: readonly (readonly Grant[])[]) => Promise<Cmk>;
  readonly close: () => Promise<void>;
}

const named = (kind: KeyKind): string => (kind === "rsa" ? "cmkit-rsa-2048" : "cmkit-symmetric");
const isNeeded = (key: object): boolean => /cmkit-(?:rsa-2048|symmetric)"/.test(JSON.stringify(key));

/** AWS: the emulator decides by the policy itself. */
export async function awsCustomer(): Promise<Customer> {
  const emulator = await awsEmulator({ seed: { ...defaultAwsSeed(), keys: [] } });
  const principal = emulator.snapshot().principals[0]?.arn ?? "";
  const { privateKey: material } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const specs = { rsa: { keySpec: "RSA_2048", material }, symmetric: { keySpec: "SYMMETRIC_DEFAULT" } } as const;
  const owner = {
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::444455556666:root" },
    Action: "kms:*",
    Resource: "*",
  };
  return {
    kms: multiCloudKms({ adapters: [aws({ endpoint: emulator.url, credentials: emulator.credentials })] }),
    accessors: { aws: { principal } },
    form: "aws-key-policy",
    permissionsIn: (text) => text.match(/kms:[A-Z]\w+(?=",?$)/gm) ?? [],
    async key(kind, pasted) {
      const statements = pasted.flatMap((grants) => JSON.parse(textOf(grants, "aws-key-policy")) as readonly object[]);
      const policy = JSON.stringify({ Version: "2012-10-17", Statement: [owner, ...statements] });
      const place = { region: emulator.region, account: "444455556666" };
      return { provider: "aws", resource: await emulator.createKey({ ...place, ...specs[kind], policy }) };
    },
    close: async () => emulator.close(),
  };
}

/** An emulator that denies by name: it denies all that is not allowed. */
interface DenyingEmulator {
  readonly keyNamed: (name: string) => string;
  readonly deny: (key: string, denial: { readonly action: string }) => void;
  readonly allow: (key: string) => void;
  readonly close: () => Promise<void>;
}

type Denying = Omit<Customer, "key" | "close" | "accessors"> & {
  readonly provider: string;
  readonly emulator: DenyingEmulator;
  readonly all: readonly string[];
};

function denyingCustomer({ provider, emulator, all, ...rest }: Denying): Customer {
  return {
    ...rest,
    accessors,
    async key(kind, pasted) {
      const resource = emulator.keyNamed(named(kind));
      const allowed = new Set(pasted.flatMap((grants) => rest.permissionsIn(textOf(grants, formFor(rest.form, resource)))));
      emulator.allow(resource);
      for (const action of all) if (!allowed.has(action)) emulator.deny(resource, { action });
      return { provider, resource };
    },
    close: async () => emulator.close(),
  };
}

/** The form for a key, of those that `forms` names. */
export function formFor(form: string, resource: string): string {
  return resource.includes(".managedhsm.") ? "az-managed-hsm" : form;
}

// https://cloud.google.com/kms/docs/reference/permissions-and-roles, as far as it concerns a key.
const gcpRoles: Readonly<Record<string, readonly string[]>> = {
  viewer: ["cryptoKeys.get", "cryptoKeyVersions.get", "cryptoKeyVersions.list"],
  publicKeyViewer: ["cryptoKeyVersions.viewPublicKey"],
  cryptoKeyEncrypter: ["cryptoKeyVersions.useToEncrypt"],
  cryptoKeyDecrypter: ["cryptoKeyVersions.useToDecrypt"],
  cryptoKeyEncrypterDecrypter: ["cryptoKeyVersions.useToEncrypt", "cryptoKeyVersions.useToDecrypt"],
};

export async function gcpCustomer(): Promise<Customer> {
  const seed = defaultGcpSeed();
  const emulator = await gcpEmulator({ seed: { ...seed, keys: seed.keys.filter((key) => isNeeded(key)) } });
  const { accessToken } = emulator.credentials;
  return denyingCustomer({
    provider: "gcp",
    emulator,
    kms: multiCloudKms({ adapters: [gcp({ endpoint: emulator.url, credentials: { accessToken } })] }),
    form: "gcloud",
    all: [...new Set(Object.values(gcpRoles).flat())].map((permission) => `cloudkms.${permission}`),
    permissionsIn: (text) =>
      [...text.matchAll(/roles\/cloudkms\.(\w+)/g)].flatMap(([, role = ""]) =>
        (gcpRoles[role] ?? []).map((permission) => `cloudkms.${permission}`),
      ),
  });
}

export async function azureCustomer(): Promise<Customer> {
  const seed = defaultAzureSeed();
  const emulator = await azureEmulator({ seed: { ...seed, keys: seed.keys.filter((key) => isNeeded(key)) } });
  const { url: endpoint, ca } = emulator;
  const crypto = ["encrypt", "decrypt", "wrap", "unwrap"].map((verb) => `${verb}/action`);
  return denyingCustomer({
    provider: "azure",
    emulator,
    kms: multiCloudKms({ adapters: [azure({ endpoint, ca, credential: emulator.credential() })] }),
    form: "az-rbac",
    all: [
      ...["read", ...crypto].map((end) => `Microsoft.KeyVault/vaults/keys/${end}`),
      ...["read/action", "deletedKeys/read/action", ...crypto].map((end) => `Microsoft.KeyVault/managedHsm/keys/${end}`),
    ],
    permissionsIn: (text) => text.match(/Microsoft\.KeyVault\/(?:vaults|managedHsm)\/keys\/[\w/]+/g) ?? [],
  });
}

export async function ociCustomer(): Promise<Customer> {
  const seed = defaultOciSeed();
  const emulator = await ociEmulator({ seed: { ...seed, keys: seed.keys.filter((key) => isNeeded(key)) } });
  return denyingCustomer({
    provider: "oci",
    emulator,
    kms: multiCloudKms({ adapters: [oci({ endpoint: emulator.url, credentials: emulator.credentials })] }),
    form: "oci-policy",
    all: ["KEY_INSPECT", "KEY_READ", "KEY_ENCRYPT", "KEY_DECRYPT"],
    permissionsIn: (text) => text.match(/KEY_[A-Z]+/g) ?? [],
  });
}
