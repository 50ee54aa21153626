import { createHash, sign } from "node:crypto";
import { request } from "node:http";

import type { OciSeedPrincipal } from "../../src/index.ts";

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer as it came. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** How a request is signed; everything has the form that the Python SDK gives it unless it says otherwise. */
export interface Signing {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly host: string;
  readonly date?: string;
  readonly dateHeader?: "date" | "x-date";
  readonly signed?: readonly string[];
  readonly keyId?: string;
  /** What stands before `signature="…"`, after `keyId="…"` and `headers="…"`. */
  readonly parameters?: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** Signs a request, independently of the code under test and of the official SDK. */
export function signedRequest({ privateKey = "", ...principal }: OciSeedPrincipal, signing: Signing): WireRequest {
  const { method = "GET", path = "/20180608/vaults?compartmentId=x", body = "", host, dateHeader = "date", more } = signing;
  const headers: Record<string, string> = {
    [dateHeader]: signing.date ?? new Date().toUTCString(),
    host,
    "content-length": String(Buffer.byteLength(body)),
    "content-type": "application/json",
    "x-content-sha256": createHash("sha256").update(body).digest("base64"),
    ...more,
  };
  const bodyHeaders = method === "GET" ? [] : ["content-length", "content-type", "x-content-sha256"];
  const names = signing.signed ?? [dateHeader, "(request-target)", "host", ...bodyHeaders];
  const values: Readonly<Record<string, string>> = { ...headers, "(request-target)": `${method.toLowerCase()} ${path}` };
  const lines = names.map((name) => `${name.toLowerCase()}: ${values[name.toLowerCase()] ?? ""}`);
  const signature = sign("sha256", Buffer.from(lines.join("\n")), privateKey).toString("base64");
  const keyId = signing.keyId ?? `${principal.tenancy}/${principal.user}/${principal.fingerprint}`;
  const parameters = signing.parameters ?? `algorithm="rsa-sha256",version="1"`;
  const authorization = `Signature headers="${names.join(" ")}",keyId="${keyId}",${parameters},signature="${signature}"`;
  return { method, path, body, headers: { ...headers, authorization } };
}

/** Sends what fetch would not let through: any Host header, any length, any target. */
export function send(port: number, { method, path, headers, body }: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers: { ...headers } }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(method === "GET" ? undefined : body);
  });
}
