import type { AzureRawAnswer } from "./azure-client.ts";

// Goes into messages and logs, so nothing but an identifier passes.
const requestIdGrammar = /^[A-Za-z0-9-]{1,64}$/;

/** The service's id of the request. */
export function requestIdIn(header: (name: string) => string | undefined): string | undefined {
  const id = header("x-ms-request-id");
  return id !== undefined && requestIdGrammar.test(id) ? id : undefined;
}

/**
 * An answer that is neither a result nor an error of Key Vault: a web page, an empty body, a redirect. Thrown instead of what
 * the SDK makes of it, which is a `TypeError` without status and headers, or an error that quotes the whole body.
 */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  readonly statusCode: number;
  readonly response: Pick<AzureRawAnswer, "headers">;

  constructor({ status, headers }: AzureRawAnswer) {
    super(`status ${status}`);
    this.statusCode = status;
    this.response = { headers };
  }
}
