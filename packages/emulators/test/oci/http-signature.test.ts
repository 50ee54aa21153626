import { createPublicKey } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { LoopbackRequest } from "../../src/loopback-server.ts";
import { authenticate } from "../../src/oci/authentication.ts";
import { fingerprintOf } from "../../src/oci/principal.ts";
import { refusalOf } from "./emulated-vault.ts";

// The example of Oracle's documentation ("Request Signatures", test values), with the public key of draft-cavage's appendix C.
const publicKey = createPublicKey(`-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----
`);
const fingerprint = "73:61:a2:21:67:e0:df:be:7e:4b:93:1e:15:98:a5:b7";
const tenancy = "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq";
const user = "ocid1.user.oc1..aaaaaaaat5nvwcna5j6aqzjcaty5eqbb6qt2jvpkanghtgdaqedqw3rynjq";
const keyId = `${tenancy}/${user}/${fingerprint}`;
const compartmentId = "ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa";
const instanceId = "ocid1.instance.oc1.phx.abuw4ljrlsfiqw6vzzxb43vyypt4pkodawglp3wqxjqofakrwvou52gb6s5a";
const volumeId = "ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q";
const date = "Thu, 05 Jan 2014 21:31:40 GMT";
const principals = new Map([[keyId, { tenancy, user, keyId, publicKey, compartments: undefined }]]);

function authorization(headers: string, signature: string): string {
  return `Signature version="1",headers="${headers}",keyId="${keyId}",algorithm="rsa-sha256",signature="${signature}"`;
}

const getInstances: LoopbackRequest = {
  method: "GET",
  path: "/20160918/instances",
  query: `availabilityDomain=Pjwf%3A%20PHX-AD-1&compartmentId=${compartmentId}&displayName=TeamXInstances&volumeId=${volumeId}`,
  headers: {
    date,
    host: "iaas.us-phoenix-1.oraclecloud.com",
    authorization: authorization(
      "date (request-target) host",
      "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2DmE4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M=",
    ),
  },
  body: new Uint8Array(),
};

const postAttachment: LoopbackRequest = {
  method: "POST",
  path: "/20160918/volumeAttachments",
  query: "",
  headers: {
    date,
    host: "iaas.us-phoenix-1.oraclecloud.com",
    "content-length": "316",
    "content-type": "application/json",
    "x-content-sha256": "V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=",
    authorization: authorization(
      "date (request-target) host content-length content-type x-content-sha256",
      "Mje8vIDPlwIHmD/cTDwRxE7HaAvBg16JnVcsuqaNRim23fFPgQfLoOOxae6WqKb1uPjYEl0qIdazWaBy/Ml8DRhqlocMwoSXv0fbukP8J5N80LCmzT/FFBvIvTB91XuXI3hYfP9Zt1l7S6ieVadHUfqBedWH0itrtPJBgKmrWso=",
    ),
  },
  body: Buffer.from(JSON.stringify({ compartmentId, instanceId, volumeId }, undefined, 4)),
};

describe("Oracle's published example", () => {
  test("has the fingerprint of its key", () => {
    expect(fingerprintOf(publicKey)).toBe(fingerprint);
  });

  test.each([
    ["without a body", getInstances],
    ["with a body", postAttachment],
  ])("is taken for the user's, %s", async (_what, request) => {
    expect(authenticate(request, principals, Date.parse(date)).user).toBe(user);
    const moved = { ...request, path: `${request.path}/` };
    const refused = await refusalOf((async () => authenticate(moved, principals, Date.parse(date)))());
    expect(refused.message).toBe("Failed to verify the HTTP(S) Signature");
  });
});
