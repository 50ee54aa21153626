import type { KmsAdapter, KmsErrorCode } from "@cmkit/core";

import type { Check } from "./check.ts";
import type { Machine } from "./credentials-check.ts";
import type { DevClouds } from "./dev-file.ts";
import type { RefusedVariable } from "./environment-checks.ts";

/** What a cloud is called, here and in a CMK. */
export type Provider = "aws" | "gcp" | "azure" | "oci";

/** A package that an adapter imports. */
export interface VendorPackage {
  readonly name: string;
  /** What it is, in a few letters. */
  readonly role: string;
  /** What is not possible without it; it is needed where this is left out. */
  readonly withoutIt?: string;
}

/** Everything that the command knows of one cloud. */
export interface Cloud {
  readonly provider: Provider;
  /** Its vendor's packages that go with the adapter; the first one is the SDK's. */
  readonly packages: readonly VendorPackage[];
  /**
   * Imports the adapter, an optional peer, only now, and makes one: for the emulators of a `cmkit dev`, or else for the cloud,
   * with the credentials that its SDK finds on this machine.
   */
  readonly adapter: (dev: DevClouds | undefined) => Promise<KmsAdapter>;
  /** The form of a resource in a word or two. */
  readonly form: string;
  /** The start of one, for help texts. */
  readonly example: string;
  readonly credentialsCheck: (machine: Machine) => Promise<Check>;
  /** Variables with which its adapter does not start. */
  readonly refusedVariables?: readonly RefusedVariable[];
  /** What the person at the terminal can do about a refusal; `{again}` stands for how to go on. */
  readonly advice: Readonly<Partial<Record<KmsErrorCode, string>>>;
}

/** The package of its adapter. */
export function adapterPackage({ provider }: Pick<Cloud, "provider">): string {
  return `@cmkit/${provider}`;
}

/** The command that installs its adapter, and the packages that it cannot do without. */
export function installCommand({ provider, packages }: Pick<Cloud, "provider" | "packages">): string {
  const needed = packages.filter(({ withoutIt }) => withoutIt === undefined);
  return `npm install ${[adapterPackage({ provider }), ...needed.map(({ name }) => name)].join(" ")}`;
}
