// Wrap a key under a customer's RSA key and unwrap it again. Usage: node examples/wrap-unwrap.ts [cmkit.dev.json]
import { randomBytes } from "node:crypto";
import { devAdapters, readDevFile } from "@cmkit/cli";
import { isKmsError, multiCloudKms } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);

// With a cloud account: multiCloudKms({ adapters: [aws()] }) and the ARN that your customer gave you.
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const key = kms.open({ provider: "aws", resource: dev.aws.keys.rsa2048 });

const { kind, bits, state } = await key.describe();
console.log(`the customer's key: ${kind} ${bits}, ${state}`);

// The wrap is bound to the context: it opens for this tenant and no other.
const secret = new Uint8Array(randomBytes(32));
const wrapped = await key.wrapKey(secret, { tenant: "acme" });
console.log(`wrapped: ${wrapped.bytes.length} bytes under ${wrapped.cmk.resource}`);

const again = await key.unwrapKey(wrapped, { tenant: "acme" });
console.log(`unwrapped, and the same: ${Buffer.compare(secret, again) === 0}`);

try {
  await key.unwrapKey(wrapped, { tenant: "globex" });
} catch (error) {
  if (!isKmsError(error)) throw error;
  console.log(`for another tenant: ${error.code} (HTTP ${error.httpStatus})`);
}
await kms.close();
