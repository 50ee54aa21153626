import { describe, expect, it } from "vitest";
import { parseKeyOcid } from "../src/key-ocid.ts";
import { quotaOf } from "../src/quota.ts";
import { keyOcid, otherOcid, vault } from "./samples.ts";

describe("the quota of a key in OCI", () => {
  it("is a careful number of our own, for each vault", () => {
    expect(quotaOf(parseKeyOcid(keyOcid))).toEqual({ name: `oci us-ashburn-1 ${vault}`, perSecond: 100 });
    expect(quotaOf(parseKeyOcid(otherOcid))).toEqual(quotaOf(parseKeyOcid(keyOcid)));
  });

  it("has the same name whether the OCID has the region's code or its id", () => {
    expect(quotaOf(parseKeyOcid(keyOcid.replace(".iad.", ".us-ashburn-1.")))).toEqual(quotaOf(parseKeyOcid(keyOcid)));
  });
});
