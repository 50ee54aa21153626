import type * as KmsSdk from "@aws-sdk/client-kms";
import { KmsError, type DriverCall, type KmsDriver } from "@cmkit/core";
import { answered, bytesIn, keyVersionIn } from "./answer.ts";
import type { KmsArn } from "./arn.ts";
import type { AwsAnswer, AwsCommand } from "./aws-client.ts";
import type { AwsClients } from "./aws-clients.ts";
import { readDescription, usableSpec } from "./key-metadata.ts";

const rsa = { EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
const symmetric = { EncryptionAlgorithm: "SYMMETRIC_DEFAULT" } as const;

/** The calls to one key. */
export function awsDriver(arn: KmsArn, clients: AwsClients, emulated: boolean): KmsDriver {
  const KeyId = arn.arn;
  const send = async (make: (sdk: typeof KmsSdk) => AwsCommand, { signal }: DriverCall): Promise<AwsAnswer> => {
    const sdk = await import("@aws-sdk/client-kms");
    return clients.of(sdk, arn).send(make(sdk), { abortSignal: signal });
  };
  return {
    resource: arn.arn,
    resolved: arn.type === "key",
    async describe(keyVersion, call) {
      const described = readDescription(await send((sdk) => new sdk.DescribeKeyCommand({ KeyId }), call), arn, emulated);
      // Key material has no state of its own: what holds for the key holds for all of it.
      return { ...described, keyVersion: keyVersion ?? described.keyVersion };
    },
    async publicKey(_keyVersion, call) {
      const answer = await send((sdk) => new sdk.GetPublicKeyCommand({ KeyId }), call);
      const spki = bytesIn(answer.PublicKey, "PublicKey");
      if (usableSpec(answer.KeyUsage, answer.KeySpec).kind !== "rsa") throw new KmsError("wrong-key-type", { provider: "aws" });
      return { ...answered(answer), keyVersion: null, spki };
    },
    async wrap({ plaintext, context }, call) {
      const input = { KeyId, Plaintext: plaintext, ...symmetric, EncryptionContext: { ...context.entries } };
      const answer = await send((sdk) => new sdk.EncryptCommand(input), call);
      // Encrypt does not say which key material it used.
      return { ...answered(answer), keyVersion: null, bytes: bytesIn(answer.CiphertextBlob, "CiphertextBlob") };
    },
    async unwrap({ kind, bytes, context }, call) {
      // Asymmetric keys have no encryption context: core has sealed it into the payload.
      const how = kind === "rsa" ? rsa : { ...symmetric, EncryptionContext: { ...context.entries } };
      const answer = await send((sdk) => new sdk.DecryptCommand({ KeyId, CiphertextBlob: bytes, ...how }), call);
      const plaintext = bytesIn(answer.Plaintext, "Plaintext");
      return { ...answered(answer), keyVersion: keyVersionIn(answer.KeyMaterialId), plaintext };
    },
    async generateDataKey(context, call) {
      const input = { KeyId, KeySpec: "AES_256", EncryptionContext: { ...context.entries } } as const;
      const answer = await send((sdk) => new sdk.GenerateDataKeyCommand(input), call);
      return {
        ...answered(answer),
        keyVersion: keyVersionIn(answer.KeyMaterialId),
        plaintext: bytesIn(answer.Plaintext, "Plaintext"),
        bytes: bytesIn(answer.CiphertextBlob, "CiphertextBlob"),
      };
    },
  };
}
