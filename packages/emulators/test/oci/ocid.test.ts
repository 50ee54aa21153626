import { describe, expect, test } from "vitest";

import { newGlobalOcid, newKeyVersionOcid, newVaultOcid, placeOf, userOcidPattern, wrappingKeyOcid } from "../../src/oci/ocid.ts";

// As users published them with answers of live vaults.
const frankfurt = { realm: "oc1", region: "eu-frankfurt-1", prefix: "entbf645aabf2" };
const keyId = "ocid1.key.oc1.eu-frankfurt-1.entbf645aabf2.abtheljrvxdlvr75raatjttj2dsprsk7ago7u4cjyssqd7senwqrcew5g5ha";
const versionId =
  "ocid1.keyversion.oc1.eu-frankfurt-1.entbf645aabf2.bciemypxlkyaa.abtheljr5ovdn5un3xuaktoqtwvzockr6b5edoy6on2p5ejfh4l6xqlotx5q";

describe("OCIDs", () => {
  test("of live keys and key versions are read", () => {
    expect(placeOf(keyId)).toEqual(frankfurt);
    expect(placeOf(versionId)).toEqual(frankfurt);
  });

  test.each([{ ...frankfurt }, { realm: "oc1", region: "iad", prefix: "bbqehaq3aadfa" }])(
    "are made so that they are read again, in %j",
    (place) => {
      const made = [newVaultOcid("vault", place), newVaultOcid("key", place), newKeyVersionOcid(place)];
      for (const id of made) expect(placeOf(id)).toEqual(place);
      expect(newVaultOcid("key", place)).not.toBe(newVaultOcid("key", place));
      expect(placeOf(wrappingKeyOcid(made[0] ?? "", place))).toEqual(place);
      expect(newGlobalOcid("user")).toMatch(userOcidPattern);
    },
  );

  test("say where nothing is when they are something else", () => {
    for (const other of [
      keyId.slice(0, -1),
      keyId.toUpperCase(),
      newGlobalOcid("tenancy"),
      keyId.replace("entbf", "../bf"),
      `${keyId}\n`,
    ]) {
      expect(placeOf(other)).toBeUndefined();
    }
  });
});
