import { generateKeyPairSync } from "node:crypto";

import type { DevFile } from "../src/dev-file.ts";

const arn = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";
const keyName = "projects/cmkit-dev/locations/europe-west1/keyRings/cmkit/cryptoKeys/cmkit-symmetric";
const keyId = "https://cmkit-dev.vault.azure.net/keys/cmkit-rsa-2048";
const ocid = `ocid1.key.oc1.eu-frankfurt-1.abcdefghijklm.${"a".repeat(60)}`;

const { privateKey: signingKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

function threeTimes(key: string): DevFile["aws"]["keys"] {
  return { rsa2048: key, rsa4096: key, symmetric: key };
}

/** A well-formed `cmkit.dev.json` whose emulators are not there. Everything secret in it says PRIVATE, where its form lets it. */
export function devSample(changed: Partial<DevFile> = {}): DevFile {
  return {
    cmkitDev: 3,
    pid: 4242,
    recordKey: new Uint8Array(32).fill(7),
    aws: {
      endpoint: "http://127.0.0.1:9",
      controlToken: "PRIVATE-PRIVATE-PRIVATE",
      region: "us-east-1",
      credentials: { accessKeyId: "AKIAPRIVATE", secretAccessKey: "PRIVATE+/=" },
      keys: threeTimes(arn),
    },
    gcp: {
      endpoint: "http://127.0.0.1:9",
      grpcEndpoint: "http://127.0.0.1:9",
      controlToken: "PRIVATE-PRIVATE-PRIVATE",
      credentials: { accessToken: "ya29.PRIVATE" },
      keys: threeTimes(keyName),
    },
    azure: {
      endpoint: "https://127.0.0.1:9",
      ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      controlToken: "PRIVATE-PRIVATE-PRIVATE",
      tenantId: "6f1e3c4a-0000-4000-8000-000000000000",
      accessTokens: { "https://vault.azure.net": "a.PRIVATE.c", "https://managedhsm.azure.net": "a.PRIVATE.c" },
      keys: threeTimes(keyId),
    },
    oci: {
      endpoint: "http://127.0.0.1:9",
      controlToken: "PRIVATE-PRIVATE-PRIVATE",
      credentials: {
        tenancy: `ocid1.tenancy.oc1..${"a".repeat(60)}`,
        user: `ocid1.user.oc1..${"a".repeat(60)}`,
        fingerprint: Array.from({ length: 16 }, () => "0a").join(":"),
        privateKey: signingKey.export({ type: "pkcs8", format: "pem" }),
      },
      keys: threeTimes(ocid),
    },
    server: { url: "http://127.0.0.1:9", token: "cmkit_PRIVATE-PRIVATE-PRIVATE" },
    ...changed,
  };
}
