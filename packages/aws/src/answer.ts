import { KmsError } from "@cmkit/core";
import type { AwsAnswer } from "./aws-client.ts";

/** KeyMaterialId: 64 hex digits (Decrypt, API reference). */
export const keyVersionGrammar: RegExp = /^[0-9a-f]{64}$/;

// Goes into messages and logs, so nothing but an identifier passes.
const requestIdGrammar = /^[A-Za-z0-9-]{1,64}$/;

/** Says what an answer lacks, in our own words. */
export function badAnswer(detail: string): never {
  throw new KmsError("bad-answer", { provider: "aws", detail });
}

/** The key that answered, and the request's id. */
export function answered(answer: AwsAnswer): { readonly answeredBy: string; readonly requestId: string | undefined } {
  return { answeredBy: textIn(answer.KeyId, "KeyId"), requestId: requestIdIn(answer.$metadata) };
}

/** The key material's id; null where there is none, as for RSA keys. */
export function keyVersionIn(materialId: unknown): string | null {
  if (materialId === undefined || materialId === null) return null;
  return typeof materialId === "string" && keyVersionGrammar.test(materialId)
    ? materialId
    : badAnswer("the key material's id is not 64 hex digits");
}

export function textIn(value: unknown, field: string): string {
  return typeof value === "string" && value !== "" ? value : badAnswer(`it has no ${field}`);
}

export function bytesIn(value: unknown, field: string): Uint8Array {
  return value instanceof Uint8Array && value.length > 0 ? value : badAnswer(`it has no ${field}`);
}

export function dateIn(value: unknown, field: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value : badAnswer(`${field} is not a date`);
}

/** From `$metadata` of answers and errors. */
export function requestIdIn(metadata: unknown): string | undefined {
  const id = metadata instanceof Object && "requestId" in metadata ? metadata.requestId : undefined;
  return typeof id === "string" && requestIdGrammar.test(id) ? id : undefined;
}
