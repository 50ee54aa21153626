import type { Cmk } from "@cmkit/core";
import { directFetch } from "@cmkit/core/adapter";
import { badAnswer } from "./answer.ts";
import { boundedText } from "./bounded-text.ts";
import type { VaultEndpoints } from "./endpoint.ts";
import type { Identities } from "./identities.ts";
import type { OciCall, OciClient } from "./oci-client.ts";
import { OciRefusal } from "./oci-refusal.ts";

// A description with all the tags that OCI allows is below 40 KB; everything else is far smaller.
const maxAnswerBytes = 256 * 1024;
// Below the deadline only of patient callers: for them a lost answer costs one attempt, not all of their time.
const requestTimeoutMs = 10_000;
// KMS API, release: the version in every path.
const version = "20180608";

interface Answer {
  readonly body: unknown;
  readonly opcRequestId: string | null;
}

/**
 * The four calls to one vault, signed by the SDK and sent by `fetch`. The SDK's own clients write each failure to the
 * console, throw plain objects and take no signal. @see docs/decisions/2026-11-22-oci-requests.md
 */
export function signedClient(cmk: Cmk, { crypto, management }: VaultEndpoints, who: Identities): OciClient {
  const get = async (path: string, call: OciCall): Promise<Answer> =>
    send(cmk, who, `${management}/${version}/${path}`, null, call);
  const post = async (path: string, details: object, call: OciCall): Promise<Answer> =>
    send(cmk, who, `${crypto}/${version}/${path}`, JSON.stringify(details), call);
  return {
    crypto: {
      async encrypt({ encryptDataDetails }, call) {
        const { body, opcRequestId } = await post("encrypt", encryptDataDetails, call);
        return { encryptedData: body, opcRequestId };
      },
      async decrypt({ decryptDataDetails }, call) {
        const { body, opcRequestId } = await post("decrypt", decryptDataDetails, call);
        return { decryptedData: body, opcRequestId };
      },
    },
    management: {
      async getKey({ keyId }, call) {
        const { body, opcRequestId } = await get(`keys/${encodeURIComponent(keyId)}`, call);
        return { key: body, opcRequestId };
      },
      async getKeyVersion({ keyId, keyVersionId }, call) {
        const path = `keys/${encodeURIComponent(keyId)}/keyVersions/${encodeURIComponent(keyVersionId)}`;
        const { body, opcRequestId } = await get(path, call);
        return { keyVersion: body, opcRequestId };
      },
    },
  };
}

async function send(
  cmk: Cmk,
  who: Identities,
  uri: string,
  body: string | null,
  { signal, remainingMs }: OciCall,
): Promise<Answer> {
  const identity = await who.of(await import("oci-common"), cmk, signal);
  const method = body === null ? "GET" : "POST";
  const headers = new Headers({ accept: "application/json" });
  await identity.sign({ method, uri, headers, ...(body !== null && { body }) }, signal);
  const response = await directFetch(uri, {
    method,
    headers,
    body,
    signal: remainingMs > requestTimeoutMs ? AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]) : signal,
  });
  const text = await boundedText(response, maxAnswerBytes);
  const answer = await parsed(text).catch(() => undefined);
  if (response.status === 401) throw new OciRefusal(response, answer, who.refused(identity));
  who.accepted(identity);
  if (!response.ok) throw new OciRefusal(response, answer, false);
  if (text === undefined) return badAnswer(`it is larger than ${maxAnswerBytes} bytes`);
  return { body: answer ?? badAnswer("it is not JSON"), opcRequestId: response.headers.get("opc-request-id") };
}

async function parsed(text: string | undefined): Promise<unknown> {
  return text === undefined ? undefined : JSON.parse(text);
}
