import { KmsError } from "@cmkit/core";
import { directFetch, type DirectRequest } from "@cmkit/core/adapter";
import { retryInfo } from "./retry-info.ts";

/** What the SDK asks of an auth client in REST mode. The credentials are in the headers already. */
export type RestRequest = DirectRequest;

// Cloud KMS's own limit for plaintexts is 64 KiB; a page of a thousand versions is the longest answer.
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Sends one request of the SDK's, instead of its own transport, which follows redirects, with the credentials, and reads
 * answers of any length.
 *
 * @throws {KmsError} `bad-answer`: for a redirect, for more than 4 MiB, and for a success without a JSON object.
 */
export async function restFetch(url: string, request: RestRequest): Promise<Response> {
  const answer = await directFetch(url, request);
  const { status } = answer;
  if (status >= 300 && status < 400) {
    await answer.body?.cancel();
    return refuse("it is a redirect, which is not followed");
  }
  const text = await boundedText(answer);
  const json: unknown = await new Response(text).json().catch(() => undefined);
  const known = isRecord(json) && (answer.ok || isRecord(json["error"]));
  // A page with 403 is some proxy's, and does not say that the customer refuses us.
  if (!known && status < 500 && status !== 429) return refuse("it is not what Cloud KMS would answer");
  if (answer.ok) return new Response(text, { status });
  return Response.json(errorBody(json, status, answer.headers.get("retry-after")), { status });
}

async function boundedText(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > maxAnswerBytes) refuse("it is too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** An error as Google's APIs write them, also when something before them answered: without its words, with its hint. */
function errorBody(json: unknown, status: number, retryAfter: string | null): { error: object } {
  const error = isRecord(json) ? json["error"] : undefined;
  const known = isRecord(error) ? error : { code: status, message: "" };
  const hint = retryInfo(retryAfter);
  if (hint === undefined) return { error: known };
  const details: unknown[] = Array.isArray(known["details"]) ? known["details"] : [];
  return { error: { ...known, details: [...details, hint] } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value instanceof Object && !Array.isArray(value);
}

function refuse(detail: string): never {
  throw new KmsError("bad-answer", { provider: "gcp", detail });
}
