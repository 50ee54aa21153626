import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isKmsError, KmsError, kmsErrorCodes } from "../src/kms-error.ts";

const cause = new Error("User: arn:aws:iam::111122223333:user/operator may not, with s3cret");
const full = { provider: "aws", requestId: "request-1", detail: "ask the key's owner", cause };

describe("every code", () => {
  test.each(kmsErrorCodes)("%s has an HTTP status, words and the same code everywhere", (code) => {
    const error = new KmsError(code);
    expect([400, 422, 500, 503]).toContain(error.httpStatus);
    expect(error.message.length).toBeGreaterThan(10);
    expect(error.toJSON().code).toBe(code);
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });

  test("that may work later is nobody's fault", () => {
    const retryable = kmsErrorCodes.filter((code) => new KmsError(code).retryable);
    expect(retryable).toEqual(["throttled", "timeout", "unavailable"]);
    for (const code of retryable) expect(new KmsError(code).httpStatus).toBe(503);
  });

  test("is one of the closed set", () => {
    expect(kmsErrorCodes).toEqual([
      "invalid-resource",
      "adapter-missing",
      "unsupported",
      "wrong-key-type",
      "wrong-key-size",
      "malformed",
      "not-encrypted",
      "key-not-found",
      "access-denied",
      "key-disabled",
      "key-pending-deletion",
      "key-pending-import",
      "key-destroyed",
      "key-expired",
      "key-not-yet-valid",
      "key-retired",
      "key-removed",
      "no-default-key",
      "unknown-data-key",
      "data-key-expired",
      "decrypt-failed",
      "throttled",
      "timeout",
      "unavailable",
      "bad-answer",
      "aborted",
      "credentials",
      "unknown",
    ]);
  });
});

describe("what an error shows", () => {
  const error = new KmsError("access-denied", full);

  test("is our words, the provider and the detail", () => {
    expect(error.message).toBe("aws: we are not permitted to use the key: ask the key's owner");
    expect(new KmsError("decrypt-failed").message).toBe("decryption failed");
    expect(error.name).toBe("KmsError");
    expect(error).toBeInstanceOf(Error);
  });

  test("leaves the cause out of JSON, the console and the stack, and keeps it for a debugger", () => {
    const wrapped = new Error("outer", { cause: error });
    const nested = { list: [error], map: new Map([["error", error]]) };
    const shown = [
      JSON.stringify(error),
      inspect(error),
      inspect(error, { depth: null, showHidden: true }),
      inspect(nested, { depth: null }),
      inspect(wrapped),
      String(error),
      error.stack ?? "",
      JSON.stringify({ error }),
    ];
    for (const text of shown) expect(text).not.toMatch(/arn:aws|s3cret/);
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).not.toContain("cause");
  });

  test("is this in JSON, and no more", () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "KmsError",
      code: "access-denied",
      message: "aws: we are not permitted to use the key: ask the key's owner",
      retryable: false,
      httpStatus: 422,
      provider: "aws",
      requestId: "request-1",
    });
    expect(Object.keys(new KmsError("timeout").toJSON())).toEqual(["name", "code", "message", "retryable", "httpStatus"]);
  });
});

describe("recognising an error", () => {
  test("works for another loaded copy of the package", async () => {
    const url = new URL("../src/kms-error.ts?copy=2", import.meta.url).href;
    const copy = (await import(/* @vite-ignore */ url)) as { KmsError: typeof KmsError; isKmsError: typeof isKmsError };
    expect(copy.KmsError).not.toBe(KmsError);
    const foreign: unknown = new copy.KmsError("throttled");
    expect(foreign).not.toBeInstanceOf(KmsError);
    expect(isKmsError(foreign)).toBe(true);
    expect(copy.isKmsError(new KmsError("throttled"))).toBe(true);
  });

  test.each([undefined, null, "KmsError", 7, {}, new Error("x"), { name: "KmsError", code: "throttled" }])(
    "refuses %j",
    (other) => {
      expect(isKmsError(other)).toBe(false);
    },
  );
});
