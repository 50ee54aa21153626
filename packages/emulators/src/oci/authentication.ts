import { createHash, verify } from "node:crypto";

import type { LoopbackRequest } from "../loopback-server.ts";
import { parseHttpSignature, signingString } from "./http-signature.ts";
import type { Principal } from "./principal.ts";
import { ServiceRefusal } from "./service-refusal.ts";

// "Client Clock Skew" (Request Signatures, API documentation).
const maxSkewMs = 5 * 60_000;

const bodyMethods = new Set(["POST", "PUT", "PATCH"]);
const bodyHeaders = ["content-length", "content-type", "x-content-sha256"];

function refused(message: string): ServiceRefusal {
  return new ServiceRefusal(401, "NotAuthenticated", message);
}

function incomplete(): ServiceRefusal {
  return refused("The required information to complete authentication was not provided or was incorrect.");
}

function unverified(): ServiceRefusal {
  return refused("Failed to verify the HTTP(S) Signature");
}

function formatted(ms: number): string {
  return new Date(ms).toUTCString().replace("GMT", "UTC");
}

// Dates have whole seconds, which the service rounds up at the end of its range.
function checkClock(date: string, nowMs: number): void {
  const signedMs = Date.parse(date);
  if (Number.isNaN(signedMs)) throw incomplete();
  const lastMs = Math.ceil((nowMs + maxSkewMs) / 1000) * 1000;
  if (signedMs >= Math.floor((nowMs - maxSkewMs) / 1000) * 1000 && signedMs <= lastMs) return;
  throw refused(
    `Date '${formatted(signedMs)}' is not within allowed clock skew. Current '${formatted(nowMs)}', ` +
      `valid datetime range: ['${formatted(nowMs - maxSkewMs)}', '${formatted(lastMs)}']`,
  );
}

// A date that was not signed says nothing: the official SDK sends one next to its signed x-date.
function signedDate(headers: Readonly<Record<string, string>>, signedHeaders: readonly string[]): string {
  const name = ["x-date", "date"].find((candidate) => signedHeaders.includes(candidate));
  const date = name === undefined ? undefined : headers[name];
  if (date === undefined) throw incomplete();
  return date;
}

/**
 * Verifies the signature of a request, body included.
 *
 * @throws {ServiceRefusal} `NotAuthenticated`: what is missing, unknown, too old or does not match.
 * @see https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm
 */
export function authenticate(request: LoopbackRequest, principals: ReadonlyMap<string, Principal>, nowMs: number): Principal {
  const { method, headers, body } = request;
  const given = parseHttpSignature(headers["authorization"] ?? "");
  if (given === undefined) throw incomplete();
  const { keyId, signedHeaders, signature } = given;
  const hasBody = bodyMethods.has(method);
  const required = ["(request-target)", "host", ...(hasBody ? bodyHeaders : [])];
  if (!required.every((name) => signedHeaders.includes(name))) throw incomplete();
  checkClock(signedDate(headers, signedHeaders), nowMs);
  const principal = principals.get(keyId);
  const signed = signingString(request, signedHeaders);
  if (principal === undefined || signed === undefined) throw incomplete();
  if (!verify("sha256", Buffer.from(signed, "latin1"), principal.publicKey, signature)) throw unverified();
  const digest = createHash("sha256").update(body).digest("base64");
  if (hasBody && (headers["x-content-sha256"] !== digest || headers["content-length"] !== String(body.byteLength))) {
    throw unverified();
  }
  return principal;
}
