// The same program for customers in four clouds. Usage: node examples/four-clouds.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, isKmsError, memoryDataKeyStore, multiCloudKms, type Cmk } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);

// In production: multiCloudKms({ adapters: [aws(), gcp(), azure({ tenantId }), oci()] })
const kms = multiCloudKms({ adapters: await devAdapters(file) });

// What your customers registered: nothing else differs between them.
const customers: Readonly<Record<string, Cmk>> = {
  acme: { provider: "aws", resource: dev.aws.keys.symmetric },
  globex: { provider: "gcp", resource: dev.gcp.keys.rsa4096 },
  initech: { provider: "azure", resource: dev.azure.keys.rsa2048 },
  umbrella: { provider: "oci", resource: dev.oci.keys.symmetric },
};
const box = envelope({
  kms,
  cmk: (tenant) => customers[tenant] ?? Promise.reject(new TypeError(`no customer ${tenant}`)),
  dataKeys: memoryDataKeyStore(),
  recordKey: dev.recordKey,
  service: "crm",
});

for (const [tenant, { provider }] of Object.entries(customers)) {
  const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant });
  const opened = await box.open(sealed, { tenant });
  const stranger = await box.open(sealed, { tenant: tenant === "acme" ? "globex" : "acme" }).catch((error: unknown) => error);
  const refusal = isKmsError(stranger) ? stranger.code : "none";
  console.log(`${provider}: opened ${Buffer.from(opened).toString()}, for another tenant: ${refusal}`);
}
await kms.close();
