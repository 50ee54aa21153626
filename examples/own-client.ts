// Bring your own KMSClient: your middleware, proxy, retries or instrumentation. Usage: node examples/own-client.ts [cmkit.dev.json]
import { KMSClient } from "@aws-sdk/client-kms";
import { aws } from "@cmkit/aws";
import { readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";

const dev = await readDevFile(process.argv[2] ?? "cmkit.dev.json");

// One client a region; core retries, so the client should not.
const client = (region: string): KMSClient => {
  const { endpoint, credentials } = dev.aws;
  const own = new KMSClient({ region, endpoint, credentials, maxAttempts: 1 });
  own.middlewareStack.add(
    (next, context) => async (args) => {
      console.log(`→ ${context.commandName} in ${region}`);
      return next(args);
    },
    { step: "initialize", name: "log" },
  );
  return own;
};

const kms = multiCloudKms({ adapters: [aws({ client, endpoint: dev.aws.endpoint })] });
const key = kms.open({ provider: "aws", resource: dev.aws.keys.symmetric });
const { wrapped } = await key.generateDataKey({ tenant: "acme" });
const root = await key.unwrapKey(wrapped, { tenant: "acme" });
console.log(`round trip of ${root.length} bytes through your own client`);
await kms.close();
