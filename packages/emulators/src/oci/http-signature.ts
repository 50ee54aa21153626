/** What a signature covers. Header names are in lower case. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  /** What follows the question mark, undecoded. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An `Authorization: Signature …` header, taken apart. */
export interface HttpSignature {
  readonly keyId: string;
  /** Lower-case names, in the order in which they were signed. */
  readonly signedHeaders: readonly string[];
  readonly signature: Uint8Array;
}

const parameterPattern = /^([a-zA-Z]+)="([^"]*)"$/;

function parametersOf(list: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const part of list.split(",")) {
    const [, name, value] = parameterPattern.exec(part.trim()) ?? [];
    if (name === undefined || value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** Reads an Authorization header; `undefined` for everything but a version 1 signature with rsa-sha256. */
export function parseHttpSignature(authorization: string): HttpSignature | undefined {
  const [, list] = /^Signature\s+(.*)$/i.exec(authorization) ?? [];
  const parameters = list === undefined ? undefined : parametersOf(list);
  const keyId = parameters?.get("keyId");
  const headers = parameters?.get("headers");
  const signature = parameters?.get("signature");
  if (keyId === undefined || headers === undefined || signature === undefined) return undefined;
  // Without a version the service takes the latest one, which is 1.
  if ((parameters?.get("version") ?? "1") !== "1" || parameters?.get("algorithm") !== "rsa-sha256") return undefined;
  const bytes = Buffer.from(signature, "base64");
  if (bytes.toString("base64") !== signature) return undefined;
  const signedHeaders = headers.split(" ").map((name) => name.toLowerCase());
  return new Set(signedHeaders).size === signedHeaders.length ? { keyId, signedHeaders, signature: bytes } : undefined;
}

/**
 * What is signed: one line a header, in the order of the list. `undefined` when a header of the list is missing.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-08#section-2.3
 */
export function signingString(request: SignableRequest, signedHeaders: readonly string[]): string | undefined {
  const lines: string[] = [];
  for (const name of signedHeaders) {
    const target = request.query === "" ? request.path : `${request.path}?${request.query}`;
    const value = name === "(request-target)" ? `${request.method.toLowerCase()} ${target}` : request.headers[name]?.trim();
    if (value === undefined || value === "") return undefined;
    lines.push(`${name}: ${value}`);
  }
  return lines.join("\n");
}
