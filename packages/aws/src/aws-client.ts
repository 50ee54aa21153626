import type {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
} from "@aws-sdk/client-kms";

/** The part of the SDK's `KMSClient` that is called. */
export interface AwsClient {
  send(command: AwsCommand, options: { readonly abortSignal: AbortSignal }): Promise<AwsAnswer>;
}

/** The commands that are sent. */
export type AwsCommand = DecryptCommand | DescribeKeyCommand | EncryptCommand | GenerateDataKeyCommand | GetPublicKeyCommand;

/** What is read from answers. Nothing is taken for granted: the SDK checks no types, and an empty body passes for an answer. */
export interface AwsAnswer {
  readonly $metadata?: { readonly requestId?: string | undefined };
  readonly KeyMetadata?: unknown;
  readonly KeyId?: unknown;
  readonly KeyMaterialId?: unknown;
  readonly Plaintext?: unknown;
  readonly CiphertextBlob?: unknown;
  readonly PublicKey?: unknown;
  readonly KeySpec?: unknown;
  readonly KeyUsage?: unknown;
}
