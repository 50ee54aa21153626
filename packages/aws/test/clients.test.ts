import { multiCloudKms, type Cmk } from "@cmkit/core";
import { KMSClient } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import { parseKmsArn } from "../src/arn.ts";
import { awsClients } from "../src/aws-clients.ts";
import { aws, type AwsClient, type AwsCredentials } from "../src/index.ts";
import { cmk, credentials, fakeClient, keyArn, metadata } from "./samples.ts";
import { answer, scriptedServer } from "./scripted-server.ts";

// The real client fits the type.
const real: AwsClient = new KMSClient({ region: "eu-west-1", credentials });

const described = answer(200, { KeyMetadata: metadata });
const keyIn = (region: string): Cmk => ({ provider: "aws", resource: keyArn.replace("eu-west-1", region) });
const accessKeyOf = (authorization: string | undefined): string | undefined =>
  /Credential=([^/]+)\//.exec(authorization ?? "")?.[1];

describe("the client", () => {
  it("is one a region", async () => {
    const sdk = await import("@aws-sdk/client-kms");
    const clients = awsClients({ credentials });
    const [first, again, other] = ["eu-west-1", "eu-west-1", "us-east-1"].map((region) =>
      clients.of(sdk, parseKmsArn(keyIn(region).resource)),
    );
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(await (other as KMSClient).config.region()).toBe("us-east-1");
    clients.close();
    expect(clients.of(sdk, parseKmsArn(keyArn))).not.toBe(first);
  });

  it("is let go when five hundred others were used since, and shares its connections with them", async () => {
    const sdk = await import("@aws-sdk/client-kms");
    const clients = awsClients({ credentials: () => credentials });
    const of = (number: number): KMSClient => {
      const id = number.toString(16).padStart(12, "0");
      return clients.of(sdk, parseKmsArn(keyArn.replace(/[0-9a-f]{12}$/, id))) as KMSClient;
    };
    const first = of(0);
    const second = of(1);
    for (let number = 2; number <= 500; number += 1) of(number);
    expect(of(1)).toBe(second);
    expect(of(0)).not.toBe(first);
    expect(of(0).config.requestHandler).toBe(first.config.requestHandler);
    clients.close();
  });

  it("sends a request once: retries are core's", async () => {
    const clients = awsClients({ credentials });
    const client = clients.of(await import("@aws-sdk/client-kms"), parseKmsArn(keyArn)) as KMSClient;
    expect(await client.config.maxAttempts()).toBe(1);
    clients.close();
  });

  it("may be injected, and stays open", async () => {
    const client = fakeClient({ DescribeKeyCommand: { KeyMetadata: metadata, $metadata: { requestId: "abc-123" } } });
    const events: (string | undefined)[] = [];
    const kms = multiCloudKms({
      adapters: [aws({ client })],
      onEvent: (event) => events.push("requestId" in event ? event.requestId : undefined),
    });
    expect(await kms.open(cmk).describe()).toMatchObject({ resource: keyArn, state: "enabled", emulated: false });
    expect(client.commands.map((command) => command.input)).toEqual([{ KeyId: keyArn }]);
    expect(events).toEqual(["abc-123"]);
    await kms.close();
  });

  it("may be injected for each region", async () => {
    const regions: string[] = [];
    const answers = (region: string): AwsClient => {
      regions.push(region);
      return fakeClient({ DescribeKeyCommand: { KeyMetadata: { ...metadata, Arn: keyIn(region).resource } } });
    };
    const kms = multiCloudKms({ adapters: [aws({ client: answers })] });
    await kms.open(keyIn("us-east-1")).describe();
    await kms.open(keyIn("ap-south-1")).describe();
    expect(regions).toEqual(["us-east-1", "ap-south-1"]);
  });

  it("gets the signal, and nothing else, beside the command", async () => {
    const options: unknown[] = [];
    const client: AwsClient = {
      send: async (_command, given) => {
        options.push(given);
        return { KeyMetadata: metadata };
      },
    };
    await multiCloudKms({ adapters: [aws({ client })] })
      .open(cmk)
      .describe();
    expect(options).toEqual([{ abortSignal: expect.any(AbortSignal) }]);
  });

  it("cannot be given beside credentials", () => {
    expect(() => aws({ client: real, credentials })).toThrow(TypeError);
    expect(() => aws({ client: {} as AwsClient })).toThrow(TypeError);
    expect(() => aws({ credentials: { accessKeyId: "", secretAccessKey: "x" } })).toThrow(TypeError);
  });

  it("lets go of the socket when the caller aborts after 200 ms", async () => {
    const server = await scriptedServer();
    const kms = multiCloudKms({ adapters: [aws({ endpoint: server.url, credentials })] });
    const closed = new Promise<number>((resolve) => {
      server.play((request) => {
        const started = performance.now();
        request.socket.once("close", () => resolve(performance.now() - started));
      });
    });
    await expect(kms.open(cmk).describe({ signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ code: "aborted" });
    expect(await closed).toBeLessThan(1000);
    expect(server.requests).toHaveLength(1);
    await kms.close();
  });
});

describe("credentials for each CMK", () => {
  it("are asked for with the CMK, once, and sign its requests", async () => {
    const server = await scriptedServer(described);
    const asked: Cmk[] = [];
    const kms = multiCloudKms({
      adapters: [
        aws({
          endpoint: server.url,
          credentials: async (key) => {
            asked.push(key);
            return { ...credentials, accessKeyId: `AKIA${asked.length}`, sessionToken: "token" };
          },
        }),
      ],
    });
    const other = { provider: "aws", resource: keyArn.replace("1234abcd", "5678abcd") } as const;
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    await expect(kms.open(other).describe()).rejects.toMatchObject({ code: "bad-answer" });
    expect(asked).toEqual([cmk, other]);
    expect(server.requests.map(({ headers }) => accessKeyOf(headers.authorization))).toEqual(["AKIA1", "AKIA1", "AKIA2"]);
    expect(server.requests[0]?.headers["x-amz-security-token"]).toBe("token");
    await kms.close();
  });

  it("are asked for again before they expire", async () => {
    const server = await scriptedServer(described);
    let asked = 0;
    const soon = (): AwsCredentials => {
      asked += 1;
      return { ...credentials, expiration: new Date(Date.now() + 1000) };
    };
    const kms = multiCloudKms({ adapters: [aws({ endpoint: server.url, credentials: soon })] });
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    expect(asked).toBeGreaterThan(1);
    await kms.close();
  });

  it("that are not given are a credentials error, and a refusal of STS is access-denied", async () => {
    const refusal = Object.assign(new Error("arn:aws:sts::1:assumed-role/ours may not"), { name: "AccessDenied" });
    const named = (name: string) => async (): Promise<AwsCredentials> =>
      Promise.reject(Object.assign(new Error("ours"), { name }));
    const cases = [
      [named("ValidationException"), "credentials"],
      [named("AccessDeniedException"), "credentials"],
      [named("NotFoundException"), "credentials"],
      [named("DisabledException"), "credentials"],
      [named("ThrottlingException"), "throttled"],
      [() => undefined as unknown as AwsCredentials, "credentials"],
      [() => ({ accessKeyId: "AKIA" }) as AwsCredentials, "credentials"],
      [async () => Promise.reject(refusal), "access-denied"],
    ] as const;
    for (const [given, code] of cases) {
      const kms = multiCloudKms({ adapters: [aws({ endpoint: "http://127.0.0.1:9", credentials: given })] });
      const error: unknown = await kms
        .open(cmk)
        .describe()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect((error as Error).message).not.toContain("assumed-role");
    }
  });
});
