import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { adapterPackage, installCommand } from "../src/cloud.ts";
import { clouds } from "../src/clouds.ts";

interface Manifest {
  readonly name: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
}

function manifest(name: string): Manifest {
  return JSON.parse(readFileSync(new URL(`../../${name}/package.json`, import.meta.url), "utf8")) as Manifest;
}

describe("the table of clouds", () => {
  it("has each of them once, as an optional peer of the command", () => {
    const { peerDependencies, peerDependenciesMeta = {} } = manifest("cli");
    expect(clouds.map(adapterPackage).toSorted()).toEqual(Object.keys(peerDependencies).toSorted());
    for (const cloud of clouds) expect(peerDependenciesMeta[adapterPackage(cloud)]).toEqual({ optional: true });
  });

  it.each(clouds)("names the packages that the adapter asks for, and installs those it cannot do without: $provider", (cloud) => {
    const { name, peerDependencies, peerDependenciesMeta = {} } = manifest(cloud.provider);
    expect(name).toBe(adapterPackage(cloud));
    expect(cloud.packages.map((each) => each.name).toSorted()).toEqual(Object.keys(peerDependencies).toSorted());
    for (const each of cloud.packages) {
      expect(each.withoutIt !== undefined).toBe(peerDependenciesMeta[each.name]?.optional ?? false);
      expect(installCommand(cloud).split(" ").includes(each.name)).toBe(each.withoutIt === undefined);
    }
  });

  it.each(clouds)("makes an adapter of that provider, for the cloud: $provider", async (cloud) => {
    const adapter = await cloud.adapter(undefined);
    expect(adapter.provider).toBe(cloud.provider);
    await adapter.close?.();
  });
});
