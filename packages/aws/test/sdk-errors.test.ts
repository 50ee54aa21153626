import { isKmsError, multiCloudKms, type KmsError, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { parseKmsArn } from "../src/arn.ts";
import { awsClients } from "../src/aws-clients.ts";
import { classifyAwsError } from "../src/aws-errors.ts";
import { aws } from "../src/index.ts";
import { aliasArn, cmk, context, credentials, keyArn, metadata } from "./samples.ts";
import { answer, requestId, scriptedServer, serviceError, type Script } from "./scripted-server.ts";

const words = "User: arn:aws:sts::999988887777:assumed-role/ours is not authorized";
const longAgo = new Date(Date.now() - 3_600_000).toUTCString();

/** What the real SDK makes of an answer, once, and what the table makes of that. */
const answers: readonly (readonly [what: string, script: Script, code: KmsErrorCode])[] = [
  ["a modelled error", serviceError("NotFoundException", words), "key-not-found"],
  ["a wrong region", serviceError("NotFoundException", "Invalid arn us-east-1"), "invalid-resource"],
  ["an error that is not in the model", serviceError("AccessDeniedException", words), "access-denied"],
  ["an error with a namespace", serviceError("com.amazonaws.kms#DisabledException", words), "key-disabled"],
  ["a 404 or 409 for one", serviceError("DisabledException", words, 409), "key-disabled"],
  ["a state", serviceError("KMSInvalidStateException", `${keyArn} is pending deletion.`), "key-pending-deletion"],
  ["an error without a message", answer(400, { __type: "InvalidCiphertextException" }), "decrypt-failed"],
  ["throttling", serviceError("ThrottlingException", words), "throttled"],
  ["a quota", serviceError("LimitExceededException", words), "throttled"],
  ["a server fault", serviceError("KMSInternalException", words, 500), "unavailable"],
  ["a timeout behind the service", serviceError("DependencyTimeoutException", words), "unavailable"],
  ["a server fault of no known name", serviceError("Whatever", words, 503), "unavailable"],
  ["an empty server fault", answer(503, ""), "unavailable"],
  ["a page of a proxy that fails", answer(502, "<html>bad gateway</html>"), "unavailable"],
  ["a page with status 200", answer(200, "<html>log in</html>"), "bad-answer"],
  ["a page with status 403", answer(403, "<html>forbidden</html>"), "bad-answer"],
  ["a redirect, which is not followed", answer(302, "", { location: "http://127.0.0.1:9/" }), "bad-answer"],
  ["a field of another type", answer(200, { KeyMetadata: { DeletionDate: "tomorrow" } }), "bad-answer"],
  ["an unknown access key", serviceError("UnrecognizedClientException", words), "credentials"],
  ["a signature out of date", serviceError("InvalidSignatureException", "Signature expired"), "credentials"],
  [
    "a signature out of date, by a clock that the SDK corrects",
    answer(400, { __type: "InvalidSignatureException" }, { date: longAgo }),
    "unavailable",
  ],
  ["a socket that is closed", (request) => request.socket.destroy(), "unavailable"],
  ["a reset", (request) => request.socket.resetAndDestroy(), "unavailable"],
  [
    "half an answer",
    (request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write('{"KeyMetadata"', () => request.socket.destroy());
    },
    "unavailable",
  ],
];

describe("errors of the real SDK", () => {
  it.each(answers)("%s", async (_what, script, code) => {
    const server = await scriptedServer(script);
    const sdk = await import("@aws-sdk/client-kms");
    const clients = awsClients({ endpoint: server.url, credentials });
    const command = new sdk.DescribeKeyCommand({ KeyId: keyArn });
    const error: unknown = await clients
      .of(sdk, parseKmsArn(keyArn))
      .send(command, { abortSignal: new AbortController().signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(classifyAwsError(error, "unwrap").code).toBe(code);
    expect(server.requests).toHaveLength(1);
    clients.close();
  });

  it("name the request, and keep the cloud's words to themselves", async () => {
    const error = await refusal(serviceError("AccessDeniedException", words));
    expect(error).toMatchObject({ code: "access-denied", requestId, provider: "aws" });
    expect(JSON.stringify(error) + error.message).not.toMatch(/999988887777|assumed-role/);
    expect(error.message).toContain("kms:DescribeKey");
  });

  it("hand on how long to wait", async () => {
    const script = answer(400, { __type: "ThrottlingException" }, { "retry-after": "60" });
    const started = performance.now();
    expect(await refusal(script)).toMatchObject({ code: "throttled" });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each([
    ["nobody listens", "http://127.0.0.1:9", "unavailable"],
    ["the name does not exist", "https://kms.invalid", "unavailable"],
  ])("when %s", async (_what, endpoint, code) => {
    const kms = multiCloudKms({ adapters: [aws({ endpoint, credentials })] });
    await expect(kms.open(cmk).describe({ timeoutMs: 3000 })).rejects.toMatchObject({ code });
    await kms.close();
  });

  it("a request is sent again by the corrected clock and succeeds", async () => {
    const server = await scriptedServer();
    server.play((request, response) => {
      const first = server.requests.length === 1;
      const script = first
        ? answer(400, { __type: "InvalidSignatureException" }, { date: longAgo })
        : answer(200, { KeyMetadata: metadata }, { date: longAgo });
      script(request, response);
    });
    const kms = multiCloudKms({ adapters: [aws({ endpoint: server.url, credentials })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
    expect(server.requests).toHaveLength(2);
    await kms.close();
  });
});

describe("answers of the real SDK that are not whole", () => {
  const whole = { KeyMetadata: metadata };
  const cases: readonly (readonly [string, object | string])[] = [
    ["an empty body", ""],
    ["an empty object", {}],
    ["null", "null"],
    ["an array", "[]"],
    ["metadata that is text", { KeyMetadata: "x" }],
    ...["Arn", "KeyManager", "KeyUsage", "KeySpec", "KeyState"].map(
      (field) => [`no ${field}`, { KeyMetadata: { ...metadata, [field]: undefined } }] as const,
    ),
    ["an ARN that is a number", { KeyMetadata: { ...metadata, Arn: 7 } }],
    ["a key material id of another form", { KeyMetadata: { ...metadata, CurrentKeyMaterialId: "x\n" } }],
  ];

  it.each(cases)("are a bad answer to DescribeKey: %s", async (_what, body) => {
    expect(await refusal(answer(200, body))).toMatchObject({ code: "bad-answer" });
  });

  it.each(["", "{}", JSON.stringify({ KeyId: keyArn }), JSON.stringify({ Plaintext: "AAAA", CiphertextBlob: "AAAA" })])(
    "are a bad answer to the other calls: %j",
    async (body) => {
      const server = await scriptedServer();
      server.play((request, response) => {
        const known = request.headers["x-amz-target"] === "TrentService.DescribeKey";
        answer(200, known ? whole : body)(request, response);
      });
      const kms = multiCloudKms({ adapters: [aws({ endpoint: server.url, credentials })] });
      const key = kms.open(cmk);
      const wrapped = { cmk, keyVersion: null, bytes: new Uint8Array(100), kind: "symmetric" } as const;
      await expect(key.generateDataKey(context)).rejects.toMatchObject({ code: "bad-answer" });
      await expect(key.wrapKey(new Uint8Array(32), context)).rejects.toMatchObject({ code: "bad-answer" });
      await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "bad-answer" });
      await kms.close();
    },
  );

  it.each([
    ["another account", keyArn.replace("111122223333", "444455556666")],
    ["another region", keyArn.replace("eu-west-1", "us-east-1")],
    ["another partition", keyArn.replace("aws:kms:eu-west-1", "aws-cn:kms:cn-north-1")],
    ["an alias", aliasArn],
    ["a line end", `${keyArn}\n`],
  ])("are a bad answer when an alias leads to %s", async (_what, Arn) => {
    expect(await refusal(answer(200, { KeyMetadata: { ...metadata, Arn } }), aliasArn)).toMatchObject({ code: "bad-answer" });
  });
});

/** What the first describe of a key throws. */
async function refusal(script: Script, resource: string = keyArn): Promise<KmsError> {
  const server = await scriptedServer(script);
  const kms = multiCloudKms({ adapters: [aws({ endpoint: server.url, credentials })] });
  const error: unknown = await kms
    .open({ provider: "aws", resource })
    .describe()
    .catch((thrown: unknown) => thrown);
  await kms.close();
  if (!isKmsError(error)) throw new Error("expected a KmsError", { cause: error });
  return error;
}
