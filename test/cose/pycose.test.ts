import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { missingPython, runPython, workspace } from "../readers/python.ts";
import { tagged, vectorsOf, withDirectRecipient, type GivenKey } from "./given-key.ts";

const script = join(workspace, "test/cose/open_with_pycose.py");

/** What pycose makes of the messages, all in one run. */
function openAll(ctx: TestContext, vectors: readonly GivenKey[], portable: boolean): string[] {
  const reason = missingPython("pycose");
  if (reason !== undefined) ctx.skip(reason);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const messages = vectors.map((vector) => ({
    tagged: hex(portable ? withDirectRecipient(vector) : tagged(16, vector.sealed)),
    contentKey: hex(vector.contentKey),
    externalAad: hex(vector.externalAad),
    portable,
  }));
  const { status, stdout, stderr } = runPython([script], JSON.stringify(messages));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as string[];
}

describe("pycose, handed the content key,", () => {
  test("opens every compact message, with the tag of COSE_Encrypt0 put in front", (ctx) => {
    const vectors = vectorsOf("compact");
    const opened = openAll(ctx, vectors, false);
    expect(vectors.filter(({ plaintext }, i) => opened[i] !== plaintext).map(({ name }) => name)).toEqual([]);
    expect(opened.length).toBeGreaterThan(30);
  });

  test("opens every portable message, tagged, its recipients replaced by a direct one", (ctx) => {
    const vectors = vectorsOf("portable");
    const opened = openAll(ctx, vectors, true);
    expect(vectors.filter(({ plaintext }, i) => opened[i] !== plaintext).map(({ name }) => name)).toEqual([]);
    expect(opened.length).toBeGreaterThan(30);
  });

  test("refuses messages with another external_aad", (ctx) => {
    const changed = vectorsOf("compact").map((vector) => ({ ...vector, externalAad: vector.externalAad.with(0, 0x84) }));
    const opened = openAll(ctx, changed, false);
    expect(new Set(opened)).toEqual(new Set(["refused: InvalidTag"]));
  });
});
