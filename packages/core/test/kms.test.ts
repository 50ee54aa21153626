import { describe, expect, test, vi } from "vitest";
import { multiCloudKms } from "../src/kms.ts";
import type { KmsAdapter } from "../src/driver.ts";
import { local } from "../src/local.ts";
import { KmsError, type KmsErrorCode } from "../src/kms-error.ts";

const adapter = local({ keys: { one: { aes256: new Uint8Array(32) } } });

function codeOf(run: () => unknown): [KmsErrorCode, string] {
  try {
    run();
  } catch (error) {
    if (error instanceof KmsError) return [error.code, error.message];
    throw error;
  }
  throw new Error("expected it to throw");
}

describe("opening a key", () => {
  const kms = multiCloudKms({ adapters: [adapter] });

  test("parses and sends nothing", () => {
    expect(kms.open({ provider: "local", resource: "local:one" }).cmk).toEqual({ provider: "local", resource: "local:one" });
    expect(kms.open({ provider: "local", resource: "local:not-there" }).cmk.resource).toBe("local:not-there");
  });

  test.each([
    ["aws", /run "npm install @cmkit\/aws" and add aws\(\) to the adapters$/],
    ["gcp", /npm install @cmkit\/gcp/],
    ["azure", /npm install @cmkit\/azure/],
    ["oci", /npm install @cmkit\/oci/],
  ])("of %s without its adapter says how to install it", (provider, message) => {
    expect(codeOf(() => kms.open({ provider, resource: "x" }))).toEqual(["adapter-missing", expect.stringMatching(message)]);
  });

  test("of a local key without its adapter says where it is", () => {
    const bare = multiCloudKms({ adapters: [] });
    expect(codeOf(() => bare.open({ provider: "local", resource: "local:one" }))[1]).toContain("@cmkit/core/local");
  });

  test.each(["__proto__", "constructor", "AWS", "aws; rm -rf /", ""])(
    "of the unknown provider %j does not repeat its name",
    (provider) => {
      const [code, message] = codeOf(() => kms.open({ provider, resource: "x" }));
      expect(code).toBe("adapter-missing");
      expect(message).toBe(
        "no adapter is installed for this provider: expected aws, gcp, azure, oci, local or the name of another adapter in the list, in exactly these letters",
      );
    },
  );

  test.each(["", "x".repeat(513), "local:one\n", "local:\0one", "local:one\u0085", "local:two words"])(
    "refuses %j",
    (resource) => {
      expect(codeOf(() => kms.open({ provider: "local", resource }))[0]).toBe("invalid-resource");
    },
  );

  test.each([
    undefined,
    null,
    "local:one",
    { provider: "local" },
    { provider: 7, resource: "local:one" },
    { provider: "local", resource: 7 },
  ])("refuses %j for a CMK", (cmk) => {
    expect(() => kms.open(cmk as never)).toThrow(TypeError);
  });

  test.each([
    {},
    { keyVersion: "1" },
    { keyVersion: "1", spkiSha256: new Uint8Array(31) },
    { keyVersion: 1, spkiSha256: new Uint8Array(32) },
  ])("refuses %j for a pin", (pin) => {
    expect(() => kms.open({ provider: "local", resource: "local:one" }, { pin: pin as never })).toThrow(TypeError);
  });

  test("copies the pin", () => {
    const spkiSha256 = new Uint8Array(32);
    const key = kms.open({ provider: "local", resource: "local:one" }, { pin: { keyVersion: null, spkiSha256 } });
    spkiSha256.fill(9);
    expect(key.pin).toEqual({ keyVersion: null, spkiSha256: new Uint8Array(32) });
  });
});

describe("making a Kms", () => {
  test("is refused while certificates go unchecked", () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      expect(codeOf(() => multiCloudKms({ adapters: [adapter] }))).toEqual([
        "unsupported",
        expect.stringContaining("NODE_TLS_REJECT_UNAUTHORIZED=0"),
      ]);
      vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "1");
      multiCloudKms({ adapters: [adapter] });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("with two adapters of one provider is refused", () => {
    expect(() => multiCloudKms({ adapters: [adapter, adapter] })).toThrow(TypeError);
  });

  test("closes all adapters, those without connections too", async () => {
    const closed: string[] = [];
    const closing = (provider: string): KmsAdapter => ({ ...adapter, provider, close: async () => void closed.push(provider) });
    await multiCloudKms({ adapters: [adapter, closing("one"), closing("two")] }).close();
    expect(closed).toEqual(["one", "two"]);
  });
});

describe("a Kms without memory", () => {
  const aes = { provider: "local", resource: "local:one" };
  const context = { tenant: "acme" };

  test("asks anew what the other has learned, and tells its calls in the same place, but no refusals", async () => {
    const events: string[] = [];
    const kms = multiCloudKms({ adapters: [adapter], onEvent: ({ type }) => void events.push(type) });
    const { wrapped } = await kms.open(aes).generateDataKey(context);
    const anew = kms.withoutMemory();
    await anew.open(aes).generateDataKey(context);
    expect(events).toEqual(["describe", "wrap", "describe", "wrap"]);
    events.length = 0;
    for (const each of [anew, kms]) {
      await expect(each.open(aes).unwrapKey(wrapped, { tenant: "globex" })).rejects.toMatchObject({ code: "decrypt-failed" });
    }
    expect(events).toEqual(["unwrap", "unwrap", "refused"]);
    expect(anew.clock).toBe(kms.clock);
  });
});
