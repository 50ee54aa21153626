// Keys in Google Cloud KMS, with the adapter alone. Usage: node examples/gcp.ts [cmkit.dev.json]
import { readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { gcp } from "@cmkit/gcp";

const { gcp: dev } = await readDevFile(process.argv[2] ?? "cmkit.dev.json");

// In production, gcp() takes the application default credentials, and { credentials: (cmk) => … } each customer's own.
const kms = multiCloudKms({ adapters: [gcp({ endpoint: dev.endpoint, credentials: dev.credentials })] });

for (const resource of Object.values(dev.keys)) {
  const key = kms.open({ provider: "gcp", resource });
  const { kind, bits, protection } = await key.describe();
  const { key: dataKey, wrapped } = await key.generateDataKey({ tenant: "acme" });
  const again = await key.unwrapKey(wrapped, { tenant: "acme" });
  const same = Buffer.compare(dataKey, again) === 0;
  console.log(`${kind} ${bits} (${protection}), version ${wrapped.keyVersion ?? "none"}: opens again: ${same}`);
}
await kms.close();
