import { multiCloudKms } from "@cmkit/core";
import "@google-cloud/kms"; // loaded before the first deadline begins
import { describe, expect, it, vi } from "vitest";
import type { GcpCredentials } from "../src/index.ts";
import { at, cmk, symmetricKey } from "./samples.ts";
import { answer, scriptedServer } from "./scripted-server.ts";

const described = answer(200, symmetricKey);

describe("credentials of one CMK", () => {
  it.each<[string, () => GcpCredentials]>([
    ["an auth client", () => ({ getRequestHeaders: async () => ({ authorization: "Bearer ya29.shared" }) })],
    ["a token with an end", () => ({ accessToken: "ya29.shared", expiration: new Date(Date.now() + 3_600_000) })],
    ["a token without one", () => ({ accessToken: "ya29.shared" })],
  ])("are asked for once by many calls that come at the same time, where they are %s", async (_what, give) => {
    const server = await scriptedServer(described);
    let asked = 0;
    const released = Promise.withResolvers<void>();
    const perCmk = async (): Promise<GcpCredentials> => {
      asked += 1;
      await released.promise;
      return give();
    };
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    const calls = Array.from({ length: 100 }, async () => kms.open(cmk).describe({ timeoutMs: 20_000 }));
    await vi.waitFor(() => expect(asked).toBeGreaterThan(0));
    released.resolve();
    await Promise.all(calls);
    expect(asked).toBe(1);
    expect(server.requests).toHaveLength(100);
    await kms.close();
  });

  it.each<[string, () => Promise<GcpCredentials>]>([
    ["the function", async () => new Promise(() => {})],
    ["its auth client", async () => ({ getRequestHeaders: async () => new Promise(() => {}) })],
  ])("are begun anew after a call that ended while %s did not answer", async (_what, hang) => {
    const server = await scriptedServer(described);
    let asked = 0;
    const perCmk = async (): Promise<GcpCredentials> => {
      asked += 1;
      return asked === 1 ? hang() : { accessToken: "ya29.second", expiration: new Date(Date.now() + 3_600_000) };
    };
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    await expect(kms.open(cmk).describe({ timeoutMs: 300 })).rejects.toMatchObject({ code: "timeout" });
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer ya29.second"]);
    await kms.close();
  });
});
