import { describe, expect, test } from "vitest";

import { sigV4Signature } from "../src/aws/sigv4.ts";

const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const timestamp = "20150830T123600Z";
const date = "20150830";
const region = "us-east-1";
const body = new Uint8Array();

describe("sigV4Signature", () => {
  test.each([
    ["get-vanilla", "GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", "POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
  ])("gives the published signature of the suite's %s", (_name, method, query, expected) => {
    const headers = { host: "example.amazonaws.com", "x-amz-date": timestamp };
    const signature = sigV4Signature({
      request: { method, path: "/", query, headers, body },
      signedHeaders: ["host", "x-amz-date"],
      scope: { date, region, service: "service" },
      timestamp,
      secretAccessKey,
    });
    expect(signature).toBe(expected);
  });

  test("gives the signature of the documentation's ListUsers example", () => {
    const headers = {
      host: "iam.amazonaws.com",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "x-amz-date": timestamp,
    };
    const signature = sigV4Signature({
      request: { method: "GET", path: "/", query: "Version=2010-05-08&Action=ListUsers", headers, body },
      signedHeaders: ["content-type", "host", "x-amz-date"],
      scope: { date, region, service: "iam" },
      timestamp,
      secretAccessKey,
    });
    expect(signature).toBe("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  });
});
