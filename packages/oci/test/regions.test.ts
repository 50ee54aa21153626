import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Realm, Region } from "oci-common";
import { describe, expect, it, onTestFinished } from "vitest";
import { cloudEndpoints } from "../src/endpoint.ts";
import { parseKeyOcid } from "../src/key-ocid.ts";
import { realms } from "../src/regions.ts";
import { vault } from "./samples.ts";

const run = promisify(execFile);
const unique = "k".repeat(60);

// The class has its own regions as static fields; `Region.values()` would read files and variables.
const known = Object.values(Region).filter((value): value is Region => value instanceof Region);

describe("the table of regions", () => {
  it("has every realm and region that the SDK has, and no other", () => {
    const ours = realms.flatMap(({ id, domain, regions }) =>
      Object.entries(regions).map(([region, code]) => `${region} ${code} ${id} ${domain}`),
    );
    const theirs = known.map(
      ({ regionId, regionCode, realm }) => `${regionId} ${regionCode} ${realm.realmId} ${realm.secondLevelDomain}`,
    );
    expect(known.length).toBeGreaterThan(80);
    expect(new Set(ours)).toEqual(new Set(theirs));
    const domains = Object.values(Realm).filter((value): value is Realm => value instanceof Realm);
    expect(new Set(realms.map(({ id }) => id))).toEqual(new Set(domains.map(({ realmId }) => realmId)));
  });

  it.each(known.map(({ regionId, regionCode, realm }) => [regionId, regionCode, realm] as const))(
    "reaches a vault in %s under either of its names (%s)",
    (region, code, { realmId, secondLevelDomain }) => {
      for (const name of [region, code]) {
        const key = parseKeyOcid(`ocid1.key.${realmId}.${name}.${vault}.${unique}`);
        const { crypto, management } = cloudEndpoints(key);
        const host = new RegExp(String.raw`^https://${vault}-crypto\.kms\.${region}(?:\.oci)?\.${secondLevelDomain}$`);
        expect(crypto).toMatch(host);
        expect(management).toBe(crypto.replace("-crypto.", "-management."));
      }
    },
  );

  // The regions whose hosts have no `.oci.`, as the OCI CLI lists them; us-seattle-1, which it lists too, is not in the SDK.
  it("leaves the label oci out where the cloud does", () => {
    const without = realms.flatMap((realm) =>
      Object.keys(realm.regions).filter((region) => !cloudEndpoints({ realm, region, vault }).crypto.includes(".oci.")),
    );
    const listed = [
      ["us-ashburn-1", "us-phoenix-1", "eu-frankfurt-1", "uk-london-1", "ap-melbourne-1", "ap-mumbai-1", "ap-osaka-1"],
      ["ap-seoul-1", "ap-sydney-1", "ap-tokyo-1", "eu-amsterdam-1", "eu-zurich-1", "ca-montreal-1", "ca-toronto-1"],
      ["me-jeddah-1", "sa-saopaulo-1", "us-luke-1", "us-langley-1", "us-gov-ashburn-1", "us-gov-chicago-1"],
      ["us-gov-phoenix-1", "uk-gov-london-1"],
    ];
    expect(new Set(without)).toEqual(new Set(listed.flat()));
  });

  it("takes no region from a file or a variable, and no host, where the SDK does", async () => {
    const home = await mkdtemp(join(tmpdir(), "cmkit-oci-"));
    onTestFinished(async () => rm(home, { recursive: true, force: true }));
    const evil = (regionIdentifier: string): object => ({
      realmKey: "oc1",
      realmDomainComponent: "oraclecloud.com",
      regionKey: "zzz",
      regionIdentifier,
    });
    await mkdir(join(home, ".oci"));
    await writeFile(join(home, ".oci", "regions-config.json"), JSON.stringify([evil("xx-file-1")]));
    const program = `
      import { Region } from "oci-common";
      import { oci } from "./src/index.ts";
      const sdk = Region.values().map(({ regionId }) => regionId);
      const codes = ["xx-file-1", "xx-variable-1", "zzz"].map((region) => {
        try { oci().open("ocid1.key.oc1." + region + ".${vault}.${unique}"); } catch (error) { return error.code; }
      });
      console.log(JSON.stringify({ sdk: ["xx-file-1", "xx-variable-1"].map((id) => sdk.includes(id)), codes }));
    `;
    const { stdout } = await run(
      process.execPath,
      ["--conditions=@cmkit/source", "--input-type=module-typescript", "-e", program],
      {
        cwd: new URL("..", import.meta.url),
        env: { ...process.env, HOME: home, OCI_REGION_METADATA: JSON.stringify(evil("xx-variable-1")) },
      },
    );
    expect(JSON.parse(stdout)).toEqual({ sdk: [true, true], codes: Array.from({ length: 3 }, () => "invalid-resource") });
  });
});
