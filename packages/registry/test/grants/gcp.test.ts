import { describe, expect, it } from "vitest";

import { grantsFor } from "../../src/grants/grants-for.ts";
import { hclBlocks } from "./hcl-text.ts";
import { accessors, grantText, keys, requestFor, textOf } from "./requests.ts";
import { option, runScript } from "./run-script.ts";

const expected = {
  symmetric: ["roles/cloudkms.viewer", "roles/cloudkms.cryptoKeyEncrypterDecrypter"],
  rsa: ["roles/cloudkms.viewer", "roles/cloudkms.publicKeyViewer", "roles/cloudkms.cryptoKeyDecrypter"],
  unknown: ["roles/cloudkms.viewer", "roles/cloudkms.publicKeyViewer", "roles/cloudkms.cryptoKeyEncrypterDecrypter"],
} as const;
const kinds = [
  ["symmetric", "symmetric"],
  ["rsa", "rsa"],
  ["unknown", undefined],
] as const;

describe("gcloud's commands", () => {
  it("bind roles on the key", () => {
    expect(grantText("gcloud", "gcp", "rsa"))
      .toBe(`KEY='projects/customer-project/locations/europe-west1/keyRings/crm/cryptoKeys/data'
MEMBER='serviceAccount:crm-backend@operator-project.iam.gserviceaccount.com'
gcloud kms keys add-iam-policy-binding "$KEY" --member="$MEMBER" --condition=None --role=roles/cloudkms.viewer
gcloud kms keys add-iam-policy-binding "$KEY" --member="$MEMBER" --condition=None --role=roles/cloudkms.publicKeyViewer
gcloud kms keys add-iam-policy-binding "$KEY" --member="$MEMBER" --condition=None --role=roles/cloudkms.cryptoKeyDecrypter
`);
  });

  it.each(kinds)("give a key of kind %s the roles that it needs, and no other", (name, kind) => {
    const { calls } = runScript(grantText("gcloud", "gcp", kind), "sh");
    expect(calls.map((words) => option(words, "--role"))).toEqual(expected[name]);
    for (const words of calls) {
      expect(words.slice(0, 5)).toEqual(["gcloud", "kms", "keys", "add-iam-policy-binding", keys.gcp.resource]);
      expect(option(words, "--member")).toBe(`serviceAccount:${accessors.gcp.access_group}`);
    }
  });

  it("name the key for a version of it: versions have no policy", () => {
    expect(grantText("gcloud", "gcpVersion", "rsa")).toBe(grantText("gcloud", "gcp", "rsa"));
  });
});

describe("Terraform for GCP", () => {
  it.each(kinds)("gives a key of kind %s the roles that it needs, beside those of others", async (name, kind) => {
    const blocks = Object.entries(await hclBlocks(grantText("terraform", "gcp", kind)));
    expect(blocks).toEqual([
      [
        expect.stringMatching(/^resource\.google_kms_crypto_key_iam_member\.cmkit[0-9a-f]{8}$/),
        {
          for_each: `\${toset(${JSON.stringify(expected[name]).replaceAll(",", ", ")})}`,
          crypto_key_id: keys.gcp.resource,
          role: "${each.value}",
          member: `serviceAccount:${accessors.gcp.access_group}`,
        },
      ],
    ]);
  });
});

describe("a member", () => {
  const memberOf = (access_group: string): string | undefined => {
    const request = requestFor("gcp", "rsa", { accessors: { gcp: { access_group } } });
    return option(runScript(textOf(grantsFor(request), "gcloud"), "sh").calls[0], "--member");
  };

  it("is a service account by its address' end, and else a group", () => {
    expect(memberOf("crm@example.com")).toBe("group:crm@example.com");
    expect(memberOf("123-compute@developer.gserviceaccount.com")).toBe(
      "serviceAccount:123-compute@developer.gserviceaccount.com",
    );
    expect(memberOf("crm@evil-gserviceaccount.com")).toBe("group:crm@evil-gserviceaccount.com");
  });
});
