import { expect, test } from "vitest";

import { once, restClient, seedOf, startForTest } from "./emulated-kms.ts";

test("a symmetric key encrypts and decrypts with additional authenticated data", async () => {
  const emulator = await startForTest({ seed: seedOf([{ name: "main", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" }]) });
  const kms = restClient(emulator);
  const name = emulator.keyNamed("main");
  const additionalAuthenticatedData = Buffer.from("context");
  const [sealed] = await kms.encrypt({ name, plaintext: Buffer.from("plain"), additionalAuthenticatedData }, once);
  const ciphertext = sealed.ciphertext ?? "";
  const [opened] = await kms.decrypt({ name, ciphertext, additionalAuthenticatedData }, once);
  expect(Buffer.from(opened.plaintext ?? "").toString()).toBe("plain");
  await expect(kms.decrypt({ name, ciphertext }, once)).rejects.toMatchObject({ code: 3 });
});
