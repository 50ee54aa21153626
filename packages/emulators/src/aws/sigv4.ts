import { createHash, createHmac } from "node:crypto";

/** What a signature covers. Header names are in lower case. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  /** What follows the question mark, undecoded. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The credential scope of a signature. */
export interface CredentialScope {
  /** `yyyymmdd`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** What a signature is computed from. */
export interface SigV4Input {
  readonly request: SignableRequest;
  /** Lower-case names, in the order in which the Authorization header lists them. */
  readonly signedHeaders: readonly string[];
  readonly scope: CredentialScope;
  /** `yyyymmddThhmmssZ`. */
  readonly timestamp: string;
  readonly secretAccessKey: string;
}

const algorithm = "AWS4-HMAC-SHA256";

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Uint8Array, data: string): Uint8Array {
  return createHmac("sha256", key).update(data).digest();
}

// RFC 3986: everything but unreserved characters is escaped, also what encodeURIComponent leaves alone.
function escapeUri(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return `${escapeUri(decodeURIComponent(name))}=${escapeUri(decodeURIComponent(value.join("=")))}`;
    });
  return pairs.sort((one, other) => (one < other ? -1 : Number(one > other))).join("&");
}

function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  return [
    request.method,
    request.path,
    canonicalQuery(request.query),
    headers.join(""),
    signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
}

/**
 * The signature of a request, in lower-case hex. Paths are taken as they are: KMS has only `/`.
 *
 * @throws {URIError} when the query is not valid percent-encoding.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function sigV4Signature(input: SigV4Input): string {
  const { date, region, service } = input.scope;
  const stringToSign = [
    algorithm,
    input.timestamp,
    `${date}/${region}/${service}/aws4_request`,
    sha256(canonicalRequest(input.request, input.signedHeaders)),
  ].join("\n");
  const signingKey = [date, region, service, "aws4_request"].reduce<string | Uint8Array>(hmac, `AWS4${input.secretAccessKey}`);
  return Buffer.from(hmac(signingKey, stringToSign)).toString("hex");
}
