// Keys in OCI Vault, with the adapter alone. Usage: node examples/oci.ts [cmkit.dev.json]
import { readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { oci } from "@cmkit/oci";

const { oci: dev } = await readDevFile(process.argv[2] ?? "cmkit.dev.json");

// In production, oci() takes the config file's default profile; docs/adapters/oci.md has the other ways.
const kms = multiCloudKms({ adapters: [oci({ endpoint: dev.endpoint, credentials: dev.credentials })] });

for (const resource of Object.values(dev.keys)) {
  const key = kms.open({ provider: "oci", resource });
  const { kind, bits, protection } = await key.describe();
  const { key: dataKey, wrapped } = await key.generateDataKey({ tenant: "acme" });
  const again = await key.unwrapKey(wrapped, { tenant: "acme" });
  const same = Buffer.compare(dataKey, again) === 0;
  console.log(`${kind} ${bits} (${protection}), version ${wrapped.keyVersion ?? "none"}: opens again: ${same}`);
}
await kms.close();
