import { describe, expect, test } from "vitest";
import type { DriverUnwrap, KmsDriver } from "../src/driver.ts";
import { KmsError, type KmsErrorCode } from "../src/kms-error.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { stubKms, type StubKms } from "./kms-stub.ts";

const context = { tenant: "acme" };
const aes = { provider: "local", resource: "local:aes" };
const rsa = { provider: "local", resource: "local:rsa" };
const root = new Uint8Array(32).fill(5);

/** A KMS that generates data keys itself, whose unwraps answer something else. */
function answering(change: (answer: DriverUnwrap) => DriverUnwrap, wrapVersion: string | null = "1"): StubKms {
  return stubKms(
    (driver): Partial<KmsDriver> => ({
      wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), keyVersion: wrapVersion }),
      unwrap: async (request, call) => change(await driver.unwrap(request, call)),
      generateDataKey: async (bound, call) => {
        const plaintext = new Uint8Array(32).fill(6);
        const wrapped = await driver.wrap({ plaintext, context: bound, keyVersion: null }, call);
        return { ...wrapped, keyVersion: wrapVersion, plaintext };
      },
    }),
    { keyVersionGrammar: /^\d$/ },
  );
}

const wrap = async (key: KmsKey) => key.wrapKey(root, context, { verify: true });
const generate = async (key: KmsKey) => (await key.generateDataKey(context, { verify: true })).wrapped;
const ways = [
  ["a wrap of an AES key", aes, wrap],
  ["a wrap of an RSA key", rsa, wrap],
  ["a generated data key of an AES key", aes, generate],
  ["a generated data key of an RSA key", rsa, generate],
] as const;

describe.each(ways)("%s that is to be verified", (_what, cmk, make) => {
  test("is opened by the KMS before it is returned", async () => {
    const { kms, asked } = answering((answer) => answer);
    const key = kms.open(cmk);
    await key.wrapKey(root, context); // an RSA key is proven by it
    asked.length = 0;
    const wrapped = await make(key);
    expect(asked.at(-1)).toBe("unwrap");
    expect(asked.filter((operation) => operation === "unwrap")).toHaveLength(1);
    expect(await key.unwrapKey(wrapped, context)).toHaveLength(32);
  });

  test.each<[string, (answer: DriverUnwrap) => DriverUnwrap, KmsErrorCode]>([
    ["opens to another key", (answer) => ({ ...answer, plaintext: answer.plaintext.map((byte) => byte ^ 1) }), "bad-answer"],
    ["does not open", () => refuse("decrypt-failed"), "bad-answer"],
    ["may not be opened", () => refuse("access-denied"), "access-denied"],
    ["is opened under another key", (answer) => ({ ...answer, answeredBy: "local:other-rsa" }), "bad-answer"],
    ["cannot be opened for now", () => refuse("unavailable"), "unavailable"],
  ])("and %s is refused", async (_why, change, code) => {
    let changed = (answer: DriverUnwrap): DriverUnwrap => answer;
    const { kms, clock } = answering((answer) => changed(answer));
    const key = kms.open(cmk);
    await key.wrapKey(root, context);
    changed = change;
    const made = make(key).catch((error: unknown) => error);
    await clock.advance(5000);
    expect(await made).toMatchObject({ code });
  });

  test("leaves no plaintext of the KMS's answers behind", async () => {
    const answers: Uint8Array[] = [];
    const { kms } = answering((answer) => {
      answers.push(answer.plaintext);
      return answer;
    });
    await make(kms.open(cmk));
    expect(answers.length).toBeGreaterThan(0);
    for (const plaintext of answers) expect(plaintext.every((byte) => byte === 0)).toBe(true);
  });
});

describe.each([ways[0], ways[2]])("%s whose wrap names no key version", (_what, cmk, make) => {
  test("has the one that opening it named", async () => {
    const { kms } = answering((answer) => ({ ...answer, keyVersion: "7" }), null);
    expect(await make(kms.open(cmk))).toMatchObject({ keyVersion: "7", kind: "symmetric" });
  });

  test("has none if opening it named none", async () => {
    const { kms } = answering((answer) => ({ ...answer, keyVersion: null }), null);
    expect((await make(kms.open(cmk))).keyVersion).toBeNull();
  });

  test("is refused if opening it named what is no version of this cloud", async () => {
    const { kms } = answering((answer) => ({ ...answer, keyVersion: "seven" }), null);
    await expect(make(kms.open(cmk))).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("verifying", () => {
  test("takes no other key version for the one that wrapped", async () => {
    const { kms } = answering((answer) => ({ ...answer, keyVersion: "7" }), "3");
    await expect(wrap(kms.open(aes))).rejects.toMatchObject({ code: "bad-answer" });
    const { kms: silent } = answering((answer) => ({ ...answer, keyVersion: null }), "3");
    expect((await wrap(silent.open(aes))).keyVersion).toBe("3");
  });

  test("has the deadline of the wrap", async () => {
    const { kms, clock } = stubKms((driver) => ({
      wrap: async (request, call) => {
        await clock.sleep(3000, call.signal);
        return driver.wrap(request, call);
      },
      unwrap: async () => new Promise(() => {}),
    }));
    const started = clock.monotonicMs();
    let ended = Number.NaN;
    const made = wrap(kms.open(aes))
      .catch((error: unknown) => error)
      .finally(() => {
        ended = clock.monotonicMs() - started;
      });
    await clock.advance(60_000);
    expect(await made).toMatchObject({ code: "timeout" });
    expect(ended).toBe(5000);
  });

  test("is not done unless it is asked for", async () => {
    const { kms, asked } = stubKms();
    const key = kms.open(aes);
    await key.wrapKey(root, context);
    await key.generateDataKey(context, { verify: false });
    expect(asked).not.toContain("unwrap");
  });
});

function refuse(code: KmsErrorCode): never {
  throw new KmsError(code, { provider: "local" });
}
