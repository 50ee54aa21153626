// Keys in Azure Key Vault and Managed HSM, with the adapter alone. Usage: node examples/azure.ts [cmkit.dev.json]
import { azure } from "@cmkit/azure";
import { readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { azureTokenCredential } from "@cmkit/emulators";

const { azure: dev } = await readDevFile(process.argv[2] ?? "cmkit.dev.json");

// In production, azure({ tenantId: (cmk) => … }) takes @azure/identity's DefaultAzureCredential.
const credential = azureTokenCredential(dev.accessTokens);
const kms = multiCloudKms({ adapters: [azure({ endpoint: dev.endpoint, ca: dev.ca, tenantId: dev.tenantId, credential })] });

for (const resource of Object.values(dev.keys)) {
  const key = kms.open({ provider: "azure", resource });
  const { kind, bits, protection } = await key.describe();
  const { key: dataKey, wrapped } = await key.generateDataKey({ tenant: "acme" });
  const again = await key.unwrapKey(wrapped, { tenant: "acme" });
  const same = Buffer.compare(dataKey, again) === 0;
  console.log(`${kind} ${bits} (${protection}), version ${wrapped.keyVersion ?? "none"}: opens again: ${same}`);
}
await kms.close();
