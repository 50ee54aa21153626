import type { Check } from "./check.ts";
import { adapterPackage, type Cloud, installCommand, type VendorPackage } from "./cloud.ts";
import type { FindPackage, InstalledPackage } from "./installed-package.ts";
import type { OwnPackage } from "./own-package.ts";
import { inRange } from "./version-range.ts";

/** Whether a cloud's adapter and the packages that go with it are installed where cmkit would import them, and fit. */
export async function packageChecks(cloud: Cloud, own: OwnPackage, find: FindPackage): Promise<Check[]> {
  const name = adapterPackage(cloud);
  const label = `${cloud.provider} adapter`;
  const adapter = await find(name);
  if (adapter === undefined) {
    const todo = `run "${installCommand(cloud)}" to use it`;
    return [{ name: label, state: "unused", found: `${name} is not installed`, todo, needed: false }];
  }
  return [
    versionCheck(label, name, adapter.version, own.peerDependencies[name] ?? "*"),
    ...(await Promise.all(cloud.packages.map(async (vendors) => vendorCheck(cloud, vendors, adapter, find)))),
  ];
}

/** Whether any adapter is installed. */
export function anyAdapterCheck(checks: readonly Check[]): Check[] {
  if (checks.some(({ state }) => state !== "unused")) return [];
  const todo = "install that of the cloud that your key is in, as said above";
  return [{ name: "adapters", state: "missing", found: "none is installed", todo, needed: true }];
}

async function vendorCheck(
  { provider }: Cloud,
  { name, role, withoutIt }: VendorPackage,
  adapter: InstalledPackage,
  find: FindPackage,
): Promise<Check> {
  const label = `${provider} ${role}`;
  const installed = await find(name, adapter.url);
  if (installed !== undefined) return versionCheck(label, name, installed.version, adapter.peers[name] ?? "*");
  const needed = withoutIt === undefined;
  const found = `${name} is not installed${needed ? "" : `: ${withoutIt}`}`;
  return { name: label, state: "missing", found, todo: `run "npm install ${name}"`, needed };
}

function versionCheck(name: string, packageName: string, version: string, range: string): Check {
  const fits = inRange(version, range);
  const expected = fits === undefined ? "" : `, expected ${range}`;
  const state = fits === false ? "wrong" : "ok";
  const todo = fits === false ? `run "npm install ${packageName}@${range}"` : null;
  return { name, state, found: `${packageName} ${version}${expected}`, todo, needed: true };
}
