import { cborHead, decodeCbor, encodeCbor, type CborValue } from "../../packages/core/src/cbor.ts";
import type { Opens } from "../../packages/core/test/vectors/messages.ts";
import { dataKeyVectors, opensVectors } from "../../packages/core/test/vectors/read-vectors.ts";

/** A vector as a COSE library needs it: message, content key and external_aad. */
export interface GivenKey {
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly plaintext: string;
  readonly contentKey: Uint8Array;
  readonly externalAad: Uint8Array;
}

const idAt = 9; // docs/envelope-format.md §8, §9

export function vectorsOf(profile: "compact" | "portable"): GivenKey[] {
  const first = profile === "compact" ? "83" : "84";
  return opensVectors.filter(({ sealed, text }) => sealed.startsWith(first) && text === undefined).map((vector) => given(vector));
}

function given(vector: Opens): GivenKey {
  const { name, tenant, context, path, plaintext } = vector;
  const sealed = new Uint8Array(Buffer.from(vector.sealed, "hex"));
  const id = Buffer.from(sealed.subarray(idAt, idAt + 32)).toString("hex");
  const key = dataKeyVectors.find((dataKey) => dataKey.id === id);
  if (key === undefined) throw new Error(`expected the data key of ${name}`);
  const entries = new Map(Object.entries({ tenant, ...context }));
  return {
    name,
    sealed,
    plaintext: typeof plaintext === "string" ? plaintext : plaintext.byte.repeat(plaintext.length),
    contentKey: new Uint8Array(Buffer.from(key.contentKey, "hex")),
    externalAad: encodeCbor(["cmkit/1", entries, [...path]]),
  };
}

const direct = -6; // RFC 9053 §6.1.1

/**
 * A portable message as libraries take it that know no private recipient algorithms: with the tag of COSE_Encrypt, and one
 * `direct` recipient in place of its own. Recipients are not authenticated, so the body stays as it is.
 */
export function withDirectRecipient({ sealed }: GivenKey): Uint8Array {
  const message = decodeCbor(sealed, { maxDepth: 4, maxItems: 8 }) as readonly CborValue[];
  const recipient = [new Uint8Array(0), new Map([[1, direct]]), new Uint8Array(0)];
  const body = message.slice(0, 3).map((item) => encodeCbor(item));
  return tagged(96, new Uint8Array(Buffer.concat([cborHead(4, 4), ...body, encodeCbor([recipient])])));
}

/** With a CBOR tag in front: 16 for COSE_Encrypt0, 96 for COSE_Encrypt. */
export function tagged(tag: 16 | 96, message: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([cborHead(6, tag), message]));
}
