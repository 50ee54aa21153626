// Generate a data key under a customer's symmetric key, use it, and get it back later. Usage: node examples/data-key.ts [cmkit.dev.json]
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { devAdapters, readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const key = kms.open({ provider: "aws", resource: dev.aws.keys.symmetric });

const { key: root, wrapped } = await key.generateDataKey({ tenant: "acme" }, { timeoutMs: 2000 });
console.log(`a new data key, wrapped under version ${wrapped.keyVersion}`);

// The key is yours: here for one file, encrypted by hand. (For many messages an envelope does this for you.)
const iv = randomBytes(12);
const cipher = createCipheriv("aes-256-gcm", createSecretKey(root), iv, { authTagLength: 16 });
const sealed = Buffer.concat([cipher.update("the quarterly figures"), cipher.final()]);
const tag = cipher.getAuthTag();
root.fill(0); // whoever has key bytes wipes them

// Later: store `wrapped` beside the file, and ask the customer's KMS again.
const again = await key.unwrapKey(wrapped, { tenant: "acme" });
const decipher = createDecipheriv("aes-256-gcm", createSecretKey(again), iv, { authTagLength: 16 }).setAuthTag(tag);
console.log(`opened: ${Buffer.concat([decipher.update(sealed), decipher.final()]).toString()}`);
again.fill(0);
await kms.close();
