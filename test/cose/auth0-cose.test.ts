import { Encrypt, Encrypt0 } from "@auth0/cose";
import { describe, expect, test } from "vitest";
import { tagged, vectorsOf, withDirectRecipient } from "./given-key.ts";

describe("@auth0/cose, handed the content key,", () => {
  test.each(vectorsOf("compact"))("opens an untouched compact message: $name", async (vector) => {
    const { sealed, contentKey, externalAad, plaintext } = vector;
    const opened = await Encrypt0.decode(sealed).decrypt(contentKey, { externalAAD: externalAad });
    expect(Buffer.from(opened).toString("hex") === plaintext, "another plaintext").toBe(true);
  });

  test.each(vectorsOf("portable"))(
    "opens a portable message, tagged, its recipients replaced by a direct one: $name",
    async (vector) => {
      const { contentKey, externalAad, plaintext } = vector;
      const opened = await Encrypt.decode(withDirectRecipient(vector)).decrypt(contentKey, { externalAAD: externalAad });
      expect(Buffer.from(opened).toString("hex") === plaintext, "another plaintext").toBe(true);
    },
  );

  test("reads the recipients of a tagged portable message, but opens none that is not direct", async () => {
    const vector = vectorsOf("portable").find(({ name }) => name.includes("eight recipients"));
    if (vector === undefined) throw new Error("expected a vector with eight recipients");
    const message = Encrypt.decode(tagged(96, vector.sealed));
    expect(message.recipients).toHaveLength(8);
    await expect(message.decrypt(vector.contentKey, { externalAAD: vector.externalAad })).rejects.toThrow("not supported");
  });

  test("refuses a compact message with another external_aad", async () => {
    const [vector] = vectorsOf("compact");
    if (vector === undefined) throw new Error("expected a vector");
    const read = Encrypt0.decode(vector.sealed).decrypt(vector.contentKey, { externalAAD: new Uint8Array(1) });
    await expect(read).rejects.toThrow(Error);
  });
});
