import { Socket } from "node:net";
import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import { isKmsError, multiCloudKms } from "@cmkit/core";
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";
import { afterAll, describe, expect, test, vi } from "vitest";

const tail = "a".repeat(60);
const arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const name = "projects/acme-prod/locations/europe-west1/keyRings/ring/cryptoKeys/key";
const id = "https://acme.vault.azure.net/keys/key";
const ocid = `ocid1.key.oc1.eu-frankfurt-1.abcdefghijklm.${tail}`;

/** What a hostile customer could register: each would move a host, a path, or the place where a token goes. */
const hostile: Readonly<Record<string, { readonly good: string; readonly bad: readonly string[] }>> = {
  aws: {
    good: arn,
    bad: [
      arn.replace("eu-west-1", "evil.example/"),
      arn.replace("eu-west-1", "eu-west-1.evil.example"),
      arn.replace("eu-west-1", "*"),
      arn.replace("eu-west-1", "eu-west-1@evil"),
      arn.replace("eu-west-1", "EU-WEST-1"),
      arn.replace("eu-west-1", "xx-new-1"),
      arn.replace("eu-west-1", "cn-north-1"),
      arn.replace("aws:", "aws-cn:"),
      arn.replace("key/", "alias/aws/"),
      arn.replace("key/", "key/../key/"),
      arn.replace("key/", "key%2f"),
    ],
  },
  gcp: {
    good: name,
    bad: [
      `https://cloudkms.googleapis.com/v1/${name}`,
      `https://evil.example/${name}`,
      `/${name}`,
      `${name}/`,
      `${name}/cryptoKeyVersions/0`,
      `${name}/cryptoKeyVersions/01`,
      `${name}/cryptoKeyVersions/-1`,
      `${name}:encrypt`,
      `${name}?alt=media`,
      `${name}#`,
      name.replace("key", ".."),
      name.replace("ring/", "ring%2f"),
      name.replace("/keyRings", "//keyRings"),
      name.replace("acme-prod", "../evil"),
      name.replace("acme-prod", "ACME"),
      name.replace("europe-west1", "europe-west1.evil.example"),
    ],
  },
  azure: {
    good: id,
    bad: [
      "https://evil.example/keys/k",
      "https://x.vault.azure.net.evil.example/keys/k",
      "https://vault.azure.net/keys/k",
      "https://a.b.vault.azure.net/keys/k",
      "https://x.vault.azure.net@evil.example/keys/k",
      "https://user:secret@acme.vault.azure.net/keys/k",
      "https://acme.vault.azure.net:8443/keys/k",
      "https://acme.vault.azure.net:0443/keys/k",
      "http://acme.vault.azure.net/keys/k",
      "https://acme.privatelink.vaultcore.azure.net/keys/k",
      "https://acmé.vault.azure.net/keys/k",
      "https://acme.vault.azure.net./keys/k",
      "https://acme.vault.azure.net\\@evil.example/keys/k",
      "https://acme.vault.azure.net/secrets/k",
      "https://acme.vault.azure.net/keys/../secrets/k",
      "https://acme.vault.azure.net/keys/k%2f..",
      "https://acme.vault.azure.net//keys/k",
      "https://acme.vault.azure.net/keys/k?api-version=1",
      "https://acme.vault.azure.net/keys/k#f",
      "https://acme.vault.azure.net/keys/",
      `https://acme.vault.azure.net/keys/k/${"g".repeat(32)}`,
      `https://acme.vault.azure.net/keys/k/${"a".repeat(31)}`,
      `https://acme.vault.azure.net/keys/k/${"a".repeat(32)}/wrapkey`,
    ],
  },
  oci: {
    good: ocid,
    bad: [
      ocid.replace("eu-frankfurt-1", "eu-nowhere-1"),
      ocid.replace("eu-frankfurt-1", "xxx"),
      ocid.replace("eu-frankfurt-1", ""),
      ocid.replace("oc1", "oc999"),
      ocid.replace("oc1", "oc2"),
      ocid.replace("abcdefghijklm", "evil.example"),
      ocid.replace("abcdefghijklm", "evil/"),
      ocid.replace("abcdefghijklm", "evil@host"),
      ocid.replace("abcdefghijklm", "a"),
      ocid.replace("abcdefghijklm", "ABCDEFGHIJKLM"),
      ocid.replace("ocid1.key.", "ocid1.vault."),
      ocid.replace("ocid1.key.", "ocid1.keyversion."),
      ocid.slice(0, -1),
      `${ocid}a`,
    ],
  },
};

const everywhere: readonly ((good: string) => string)[] = [
  (good) => ` ${good}`,
  (good) => `${good} `,
  (good) => `${good}\n`,
  (good) => `${good}\r\nHost: evil.example`,
  (good) => `${good}\0`,
  (good) => `${good}\u202e`,
  (good) => good.replace("e", "\u0435"), // a Cyrillic letter
  (good) => good.replace("-", "\u2010"),
  (good) => good.padEnd(513, "a"),
  (good) => `${good},${good}`,
  () => "",
  () => "../../etc/passwd",
  () => "file:///etc/passwd",
  () => "http://169.254.169.254/latest/meta-data",
  () => "__proto__",
];

describe("a resource from a hostile customer is refused before anything is sent", () => {
  const kms = multiCloudKms({ adapters: [aws(), gcp(), azure(), oci()] });
  const connect = vi.spyOn(Socket.prototype, "connect");
  afterAll(async () => {
    connect.mockRestore();
    await kms.close();
  });

  for (const [provider, { good, bad }] of Object.entries(hostile)) {
    test(`${provider}: but a good one is opened`, () => {
      expect(kms.open({ provider, resource: good }).cmk).toEqual({ provider, resource: good });
    });

    const all = [...bad, ...everywhere.map((change) => change(good))];
    test.each(all.filter((resource) => resource !== good))(`${provider}: %j`, (resource) => {
      let refusal: unknown;
      try {
        kms.open({ provider, resource });
      } catch (error) {
        refusal = error;
      }
      expect(isKmsError(refusal) && refusal.code).toBe("invalid-resource");
    });
  }

  test("nothing was sent", () => {
    expect(connect).not.toHaveBeenCalled();
  });
});
