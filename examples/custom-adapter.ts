// An adapter of your own, here for a key server that is a Map. Usage: node examples/custom-adapter.ts
// The conformance suite of @cmkit/core/testing tells you whether yours keeps the contract.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { KmsError, multiCloudKms, type KmsAdapter } from "@cmkit/core";

class Refused extends Error {}

function toyServer(keys: Map<string, KeyObject>): KmsAdapter {
  const find = (name: string): KeyObject => {
    const key = keys.get(name);
    if (key === undefined) throw new Refused("no such key");
    return key;
  };
  return {
    provider: "toy",
    keyVersionGrammar: /^1$/,
    open(resource) {
      const name = /^toy:([a-z]{1,20})$/.exec(resource)?.[1];
      if (name === undefined) throw new KmsError("invalid-resource", { provider: "toy", detail: "expected toy:NAME" });
      const answer = { answeredBy: resource, keyVersion: "1" };
      const about = {
        kind: "symmetric",
        bits: 256,
        state: "enabled",
        protection: "software",
        origin: "kms",
        emulated: true,
      } as const;
      return {
        resource,
        resolved: true,
        describe: async () => find(name) && { resource, keyVersion: "1", ...about },
        publicKey: async () => Promise.reject(new Refused("symmetric")),
        async wrap({ plaintext, context }) {
          const iv = randomBytes(12);
          const cipher = createCipheriv("aes-256-gcm", find(name), iv, { authTagLength: 16 }).setAAD(context.canonical);
          return { ...answer, bytes: Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]) };
        },
        async unwrap({ bytes, context }) {
          const decipher = createDecipheriv("aes-256-gcm", find(name), bytes.subarray(0, 12), { authTagLength: 16 });
          decipher.setAAD(context.canonical).setAuthTag(bytes.subarray(-16));
          return { ...answer, plaintext: Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]) };
        },
      };
    },
    // One table: what the server's errors mean. Core wraps, retries and reports.
    classify: (error, operation) => {
      if (error instanceof Refused) return { code: "key-not-found" };
      return { code: operation === "unwrap" ? "decrypt-failed" : "unknown" };
    },
  };
}

const kms = multiCloudKms({ adapters: [toyServer(new Map([["main", createSecretKey(randomBytes(32))]]))] });
const key = kms.open({ provider: "toy", resource: "toy:main" });
const { key: root, wrapped } = await key.generateDataKey({ tenant: "acme" });
const again = await key.unwrapKey(wrapped, { tenant: "acme" });
console.log(`round trip through an adapter of 40 lines: ${Buffer.compare(root, again) === 0}`);
