import { describe, expect, test } from "vitest";
import { bindContext } from "../src/context.ts";
import { deriveDataKey } from "../src/data-key.ts";
import { originTagger } from "../src/origin-tag.ts";
import { sealPayload } from "../src/sealed-payload.ts";
import { generateVectors } from "./generate-vectors.ts";
import type { Refused } from "./vectors/messages.ts";
import { fromHex, hex } from "./vectors/raw-cbor.ts";
import { dataKeyVectors, kmsFile, opensVectors, refusedVectors, vectorText } from "./vectors/read-vectors.ts";
import { openVector, vectorEnvelope } from "./vectors/vector-envelope.ts";

describe("the frozen vectors", () => {
  for (const [name, text] of Object.entries(generateVectors())) {
    test(`${name} is what its generator writes`, () => {
      expect(vectorText(name) === text, `${name} differs from what generate-vectors.ts writes`).toBe(true);
    });
  }

  test.each(dataKeyVectors)("derive the data key $name", ({ context, root, purpose, ...expected }) => {
    const bound = bindContext(context);
    const { id, contentKey } = deriveDataKey(fromHex(root), purpose, bound);
    expect({
      canonicalContext: hex(bound.canonical),
      contextHash: hex(bound.hash),
      contentKey: contentKey.export().toString("hex"),
      id: hex(id),
      sealedPayload: hex(sealPayload(fromHex(root), bound)),
      originTag: hex(originTagger(fromHex(kmsFile.recordKey)).tag(purpose, bound, id)),
    }).toEqual({ ...expected, name: undefined });
  });

  test.each(opensVectors)("open: $name", async (vector) => {
    const { plaintext } = vector;
    const expected = typeof plaintext === "string" ? plaintext : plaintext.byte.repeat(plaintext.length);
    const opened = await openVector(vectorEnvelope(vector), vector);
    expect(hex(opened) === expected, "another plaintext").toBe(true);
  });

  test.each(refusedVectors)("refuse with $code: $name", async (vector) => {
    for (const sealed of messagesOf(vector)) {
      const situation = vectorEnvelope(vector);
      await expect(openVector(situation, vector, sealed)).rejects.toMatchObject({ name: "KmsError", code: vector.code });
      expect(situation.asked() > 0, "asked the KMS").toBe(vector.asksKms);
    }
  });
});

function messagesOf({ sealed, each }: Refused): Uint8Array[] {
  const bytes = fromHex(sealed);
  return each === "prefix" ? Array.from(bytes, (_, length) => bytes.subarray(0, length)) : [bytes];
}
