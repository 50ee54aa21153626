// Encrypt a customer's e-mail address under the customer's own key. Usage: node examples/seal-open.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fileDataKeyStore, fromText, multiCloudKms, toText } from "@cmkit/core";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const directory = await mkdtemp(`${tmpdir()}/cmkit-example-`);

const box = envelope({
  kms,
  cmk: (tenant) => ({ provider: "aws", resource: tenant === "acme" ? dev.aws.keys.rsa4096 : dev.aws.keys.symmetric }),
  dataKeys: fileDataKeyStore(`${directory}/data-keys.jsonl`), // the wrapped data keys: losing this file loses the data
  recordKey: dev.recordKey, // 32 bytes of your own, from your secret store
  service: "crm",
});

const path = ["customers", "email", "42"]; // table, column, row: the value opens nowhere else
const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant: "acme", path });
const column = toText(sealed);
console.log(`stored: ${column.slice(0, 24)}… (${sealed.length} bytes)`);

const plain = await box.open(fromText(column), { tenant: "acme", path });
console.log(`opened: ${Buffer.from(plain).toString()}`);

// Many values: a sealer is synchronous, and asks the KMS for nothing while its data key is fresh.
// From Node 24 on, `using sealer = …` disposes of it.
const sealer = await box.sealer({ tenant: "acme" });
const rows = ["grace", "alan", "edsger"].map((name, i) =>
  toText(sealer.seal(Buffer.from(name), ["customers", "name", String(i)])),
);
console.log(`sealed ${rows.length} more without a call`);
await kms.close();
