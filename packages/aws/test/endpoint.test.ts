import { multiCloudKms } from "@cmkit/core";
import type { KMSClient } from "@aws-sdk/client-kms";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseKmsArn } from "../src/arn.ts";
import { awsClients } from "../src/aws-clients.ts";
import { aws } from "../src/index.ts";
import { cmk, credentials, fakeClient, keyArn, metadata } from "./samples.ts";
import { answer, scriptedServer } from "./scripted-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

type HttpRequest = Parameters<KMSClient["config"]["requestHandler"]["handle"]>[0];

describe("the endpoint", () => {
  it.each([
    "https://kms.internal.example",
    "https://kms.internal.example:8443/kms",
    "http://127.0.0.1:4566",
    "http://[::1]:4566",
    "http://localhost:4566/",
  ])("may be %s", (endpoint) => {
    expect(() => aws({ endpoint })).not.toThrow();
  });

  it.each([
    "http://kms.internal.example",
    "http://10.0.0.1:4566",
    "http://localhost.example:4566",
    "http://127.0.0.1.nip.io",
    "https://user:secret@kms.internal.example",
    "https://@kms.internal.example",
    "https://kms.internal.example/?x=1",
    "https://kms.internal.example/?",
    "https://kms.internal.example/#x",
    "https://kms.internal.example\\evil",
    " https://kms.internal.example",
    "https://kms.internal.example\n",
    "ftp://127.0.0.1",
    "HTTPS://kms.internal.example",
    "https://",
    "127.0.0.1:4566",
    "",
  ])("may not be %j", (endpoint) => {
    expect(() => aws({ endpoint })).toThrow(TypeError);
  });

  it("is the cloud's own without the option, whatever the environment says", async () => {
    const server = await scriptedServer(answer(200, "{}"));
    for (const name of ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"]) vi.stubEnv(name, server.url);
    for (const name of ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"]) vi.stubEnv(name, "true");
    vi.stubEnv("AWS_REGION", "us-east-1");
    const sdk = await import("@aws-sdk/client-kms");
    const client = awsClients({ credentials }).of(sdk, parseKmsArn(keyArn)) as KMSClient;
    const hosts: string[] = [];
    vi.spyOn(client.config.requestHandler, "handle").mockImplementation(async ({ protocol, hostname, path }: HttpRequest) => {
      hosts.push(`${protocol}//${hostname}${path}`);
      throw new Error("nothing leaves this process");
    });
    const send = client.send(new sdk.DescribeKeyCommand({ KeyId: keyArn }), { abortSignal: new AbortController().signal });
    await expect(send).rejects.toThrow("nothing leaves this process");
    expect(hosts).toEqual(["https://kms.eu-west-1.amazonaws.com/"]);
    expect(server.requests).toEqual([]);
  });

  it("is the option's although the environment names another", async () => {
    const named = await scriptedServer(answer(200, "{}"));
    const chosen = await scriptedServer(answer(400, { __type: "NotFoundException" }));
    for (const name of ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"]) vi.stubEnv(name, named.url);
    const kms = multiCloudKms({ adapters: [aws({ endpoint: chosen.url, credentials })] });
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "key-not-found" });
    expect(chosen.requests).toHaveLength(1);
    expect(named.requests).toEqual([]);
    await kms.close();
  });

  it.each([
    [undefined, false],
    ["https://vpce-0123456789abcdef0-abcdefgh.kms.eu-west-1.vpce.amazonaws.com", false],
    ["https://kms-fips.eu-west-1.amazonaws.com", false],
    ["https://kms.eu-west-1.amazonaws.com.cn", true],
    ["https://evilamazonaws.com", true],
    ["http://127.0.0.1:4566", true],
  ])("%s is called emulated: %s", async (endpoint, emulated) => {
    const client = fakeClient({ DescribeKeyCommand: { KeyMetadata: metadata } });
    const kms = multiCloudKms({ adapters: [aws({ client, ...(endpoint === undefined ? {} : { endpoint }) })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ emulated });
  });
});
