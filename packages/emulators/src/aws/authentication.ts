import { createHash, timingSafeEqual } from "node:crypto";

import { ServiceRefusal } from "./errors.ts";
import type { AwsSeedPrincipal } from "./seed.ts";
import { type SignableRequest, sigV4Signature } from "./sigv4.ts";

/** Who calls, and which region the request was signed for. */
export interface Caller {
  readonly principal: AwsSeedPrincipal;
  readonly region: string;
}

const maxSkewMs = 15 * 60_000;

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/, ]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;_-]+), ?Signature=([0-9a-f]{64})$/;
const timestampPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function signatureRefusal(message: string): ServiceRefusal {
  return new ServiceRefusal("InvalidSignatureException", message);
}

function digest(value: string): Uint8Array {
  return createHash("sha256").update(value).digest();
}

function same(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

function signedAt(timestamp: string): number {
  return timestampPattern.test(timestamp) ? Date.parse(timestamp.replace(timestampPattern, "$1-$2-$3T$4:$5:$6Z")) : Number.NaN;
}

function checkClock(timestamp: string, nowMs: number): void {
  const signedMs = signedAt(timestamp);
  const now = formatTimestamp(nowMs);
  if (signedMs < nowMs - maxSkewMs) {
    throw signatureRefusal(
      `Signature expired: ${timestamp} is now earlier than ${formatTimestamp(nowMs - maxSkewMs)} (${now} - 15 min.)`,
    );
  }
  if (signedMs > nowMs + maxSkewMs) {
    throw signatureRefusal(
      `Signature not yet current: ${timestamp} is still later than ${formatTimestamp(nowMs + maxSkewMs)} (${now} + 15 min.)`,
    );
  }
}

function checkSessionToken(principal: AwsSeedPrincipal, token: string | undefined, nowMs: number): void {
  if (!same(principal.sessionToken ?? "", token ?? "")) {
    throw new ServiceRefusal("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (principal.expiresAt !== undefined && Date.parse(principal.expiresAt) <= nowMs) {
    throw new ServiceRefusal("ExpiredTokenException", "The security token included in the request is expired");
  }
}

/**
 * Verifies the SigV4 signature of a request, body included.
 *
 * @throws {ServiceRefusal} with the service's names: what is missing, unknown, expired or does not match.
 */
export function authenticate(request: SignableRequest, principals: ReadonlyMap<string, AwsSeedPrincipal>, nowMs: number): Caller {
  const authorization = request.headers["authorization"];
  if (authorization === undefined)
    throw new ServiceRefusal("MissingAuthenticationTokenException", "Missing Authentication Token");
  const [, accessKeyId, date, region, service, headerList, signature] = authorizationPattern.exec(authorization) ?? [];
  const timestamp = request.headers["x-amz-date"];
  if (
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    headerList === undefined ||
    signature === undefined
  ) {
    throw new ServiceRefusal(
      "IncompleteSignature",
      "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
    );
  }
  if (timestamp === undefined || Number.isNaN(signedAt(timestamp))) {
    throw new ServiceRefusal(
      "IncompleteSignature",
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  if (service !== "kms") throw signatureRefusal("Credential should be scoped to correct service: 'kms'.");
  if (!timestamp.startsWith(date)) {
    throw signatureRefusal("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP");
  }
  const signedHeaders = headerList.split(";");
  const unsigned = Object.keys(request.headers).find(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signedHeaders.includes(name),
  );
  if (unsigned !== undefined) throw signatureRefusal(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization header`);
  const principal = principals.get(accessKeyId);
  if (principal === undefined) {
    throw new ServiceRefusal("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  checkClock(timestamp, nowMs);
  const { secretAccessKey } = principal;
  if (
    !same(sigV4Signature({ request, signedHeaders, scope: { date, region, service }, timestamp, secretAccessKey }), signature)
  ) {
    throw signatureRefusal(
      "The request signature we calculated does not match the signature you provided. " +
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  checkSessionToken(principal, request.headers["x-amz-security-token"], nowMs);
  return { principal, region };
}
