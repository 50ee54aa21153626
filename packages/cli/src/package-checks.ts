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
  const versions = new Map<string, string>();
  for (const { name: vendors } of cloud.packages) {
    const found = await find(vendors, adapter.url);
    if (found !== undefined) versions.set(vendors, found.version);
  }
  return [
    versionCheck(label, name, adapter.version, own.peerDependencies[name] ?? "*"),
    ...cloud.packages.map((vendors) => vendorCheck(cloud, vendors, adapter, versions)),
  ];
}

/** Whether any adapter is installed. */
export function anyAdapterCheck(checks: readonly Check[]): Check[] {
  if (checks.some(({ state }) => state !== "unused")) return [];
  const todo = "install that of the cloud that your key is in, as said above";
  return [{ name: "adapters", state: "missing", found: "none is installed", todo, needed: true }];
}

function vendorCheck(
  { provider }: Cloud,
  { name, role, withoutIt, sameVersionAs }: VendorPackage,
  adapter: InstalledPackage,
  versions: ReadonlyMap<string, string>,
): Check {
  const label = `${provider} ${role}`;
  const version = versions.get(name);
  if (version === undefined) {
    const found = `${name} is not installed${withoutIt === undefined ? "" : `: ${withoutIt}`}`;
    const needed = withoutIt === undefined;
    return { name: label, state: "missing", found, todo: `run "npm install ${name}"`, needed };
  }
  const other = sameVersionAs === undefined ? undefined : versions.get(sameVersionAs);
  if (other === undefined || other === version) return versionCheck(label, name, version, adapter.peers[name] ?? "*");
  const found = `${name} ${version} beside ${sameVersionAs} ${other}: expected one version, or two copies are loaded`;
  return { name: label, state: "wrong", found, todo: `run "npm install ${name}@${other}"`, needed: true };
}

function versionCheck(name: string, packageName: string, version: string, range: string): Check {
  const fits = inRange(version, range);
  const expected = fits === undefined ? "" : `, expected ${range}`;
  const state = fits === false ? "wrong" : "ok";
  const todo = fits === false ? `run "npm install ${packageName}@${range}"` : null;
  return { name, state, found: `${packageName} ${version}${expected}`, todo, needed: true };
}
