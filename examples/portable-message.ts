// A message that carries its wrapped data key: for queues, files, other services. Usage: node examples/portable-message.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, inspectSealed, multiCloudKms, type EnvelopeCmk } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });

const primary: EnvelopeCmk = { provider: "aws", resource: dev.aws.keys.symmetric };
const standby: EnvelopeCmk = { provider: "aws", resource: dev.aws.keys.rsa2048 };

// The producer wraps for both keys; no store is needed.
const producer = envelope({ kms, cmk: () => [primary, standby], recordKey: dev.recordKey, service: "billing" });
const message = await producer.seal(Buffer.from('{"invoice":17}'), { tenant: "acme", path: ["invoices", "17"] });

const { profile, recipients, sealedBytes } = inspectSealed(message);
console.log(`${profile}, ${sealedBytes} bytes, for ${recipients.map(({ kind }) => kind).join(" and ")}`);

// The consumer accepts both, in this order. With failover the second is tried when the first cannot answer,
// and never when it refuses.
const consumer = envelope({
  kms,
  cmk: () => primary,
  accepted: () => [primary, standby],
  failover: true,
  recordKey: dev.recordKey,
  service: "ledger",
});
const opened = await consumer.open(message, { tenant: "acme", path: ["invoices", "17"] });
console.log(`opened: ${Buffer.from(opened).toString()}`);
await kms.close();
