// Keys in AWS KMS, with the adapter alone. Usage: node examples/aws.ts [cmkit.dev.json]
import { aws } from "@cmkit/aws";
import { readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";

const { aws: dev } = await readDevFile(process.argv[2] ?? "cmkit.dev.json");

// In production, aws() takes the SDK's own chain, and { credentials: (cmk) => … } a role of each customer's.
const kms = multiCloudKms({ adapters: [aws({ endpoint: dev.endpoint, credentials: dev.credentials })] });

for (const resource of Object.values(dev.keys)) {
  const key = kms.open({ provider: "aws", resource });
  const { kind, bits, protection } = await key.describe();
  const { key: dataKey, wrapped } = await key.generateDataKey({ tenant: "acme" });
  const again = await key.unwrapKey(wrapped, { tenant: "acme" });
  const same = Buffer.compare(dataKey, again) === 0;
  console.log(`${kind} ${bits} (${protection}), version ${wrapped.keyVersion ?? "none"}: opens again: ${same}`);
}
await kms.close();
