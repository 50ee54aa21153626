import { CreateAliasCommand, DescribeKeyCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sigV4Signature } from "../src/aws/sigv4.ts";
import { type AwsEmulator, awsEmulator, type AwsSeedPrincipal } from "../src/index.ts";
import { clientOf, expectRefusal, manualClock, operator, region, seedOf } from "./emulated-kms.ts";

const clock = manualClock();
const startMs = clock.nowMs;
const session: AwsSeedPrincipal = {
  ...operator,
  accessKeyId: "ASIASESSION",
  sessionToken: "made-up-session-token",
  expiresAt: new Date(startMs + 60_000).toISOString(),
};
const seed = seedOf([{ alias: "alias/main" }]);
let emulator: AwsEmulator;

beforeAll(async () => {
  emulator = await awsEmulator({ seed: { ...seed, principals: [operator, session] }, clock });
});
afterAll(() => emulator.close());

const describeMain = new DescribeKeyCommand({ KeyId: "alias/main" });

interface Parts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signedHeaders?: readonly string[];
  readonly sentBody?: string;
  readonly service?: string;
  readonly authorization?: string;
}

/** Signs by hand, so that single parts can be wrong. */
async function sendByHand(parts: Parts): Promise<string> {
  const timestamp = new Date(clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const body = JSON.stringify({ KeyId: "alias/main" });
  const headers = { "x-amz-date": timestamp, "x-amz-target": "TrentService.DescribeKey", ...parts.headers };
  const signedHeaders = parts.signedHeaders ?? ["host", "x-amz-date", "x-amz-target"];
  const scope = { date: timestamp.slice(0, 8), region, service: parts.service ?? "kms" };
  const signature = sigV4Signature({
    request: {
      method: "POST",
      path: "/",
      query: "",
      headers: { ...headers, host: new URL(emulator.url).host },
      body: Buffer.from(body),
    },
    signedHeaders,
    scope,
    timestamp,
    secretAccessKey: operator.secretAccessKey,
  });
  const credential = `${operator.accessKeyId}/${scope.date}/${region}/${scope.service}/aws4_request`;
  const authorization =
    parts.authorization ??
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  const response = await fetch(emulator.url, {
    method: "POST",
    headers: authorization === "" ? headers : { ...headers, authorization },
    body: parts.sentBody ?? body,
  });
  const answer = JSON.parse(await response.text()) as { __type?: string };
  return response.ok ? "accepted" : `${response.status} ${answer.__type}`;
}

describe("authentication", () => {
  test("accepts what the official client signs, also with a session token", async () => {
    expect((await clientOf(emulator).send(describeMain)).KeyMetadata?.Enabled).toBe(true);
    expect((await clientOf(emulator, session).send(describeMain)).KeyMetadata?.Enabled).toBe(true);
  });

  test("accepts a correct signature made by hand", async () => {
    expect(await sendByHand({})).toBe("accepted");
  });

  test("refuses an access key it does not know", async () => {
    await expectRefusal(
      clientOf(emulator, { ...operator, accessKeyId: "AKIANOBODY" }).send(describeMain),
      "UnrecognizedClientException",
    );
  });

  test("refuses a signature made with another secret", async () => {
    const call = clientOf(emulator, { ...operator, secretAccessKey: "another" }).send(describeMain);
    await expectRefusal(call, "InvalidSignatureException", "does not match");
  });

  test("refuses a session token that is missing, wrong or out of place", async () => {
    const { sessionToken: _token, ...bare } = session;
    await expectRefusal(clientOf(emulator, bare).send(describeMain), "UnrecognizedClientException");
    await expectRefusal(
      clientOf(emulator, { ...session, sessionToken: "other" }).send(describeMain),
      "UnrecognizedClientException",
    );
    await expectRefusal(clientOf(emulator, { ...operator, sessionToken: "x" }).send(describeMain), "UnrecognizedClientException");
  });

  test("refuses a session that has expired", async () => {
    clock.nowMs = startMs + 60_000;
    await expectRefusal(clientOf(emulator, session).send(describeMain), "ExpiredTokenException");
    clock.nowMs = startMs;
  });

  test.each([
    ["expired", 16, "Signature expired"],
    ["not yet current", -16, "Signature not yet current"],
  ])("refuses a signature that is %s by more than 15 minutes", async (_name, minutes, message) => {
    clock.nowMs = startMs + minutes * 60_000;
    // Another operation than the rest: the official client learns the skew from the answer's date, per client.
    const call = clientOf(emulator).send(
      new CreateAliasCommand({ AliasName: "alias/late", TargetKeyId: emulator.keyArn("alias/main") }),
    );
    await expectRefusal(call, "InvalidSignatureException", message);
    clock.nowMs = startMs;
  });

  test.each<[string, Parts, string]>([
    ["a body that was changed on the way", { sentBody: '{"KeyId":"alias/other"}' }, "400 InvalidSignatureException"],
    ["another service", { service: "s3" }, "400 InvalidSignatureException"],
    ["a target that is not signed", { signedHeaders: ["host", "x-amz-date"] }, "400 InvalidSignatureException"],
    ["a date of another day than the scope", { headers: { "x-amz-date": "20200101T000000Z" } }, "400 InvalidSignatureException"],
    ["a date that is none", { headers: { "x-amz-date": "20269999T999999Z" } }, "400 IncompleteSignature"],
    ["an Authorization header without parts", { authorization: "AWS4-HMAC-SHA256 Credential=x" }, "400 IncompleteSignature"],
    ["no Authorization header", { authorization: "" }, "400 MissingAuthenticationTokenException"],
  ])("refuses %s", async (_name, parts, expected) => {
    expect(await sendByHand(parts)).toBe(expected);
  });
});
