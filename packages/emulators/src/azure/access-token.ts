import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** What a token says, in the claims that Key Vault reads. Times are seconds since 1970. */
export interface TokenClaims {
  readonly aud: string;
  readonly iss: string;
  readonly tid: string;
  readonly oid: string;
  readonly appid: string;
  readonly nbf: number;
  readonly exp: number;
}

/** Whom Microsoft Entra ID names as the issuer of a version 1 token. */
export function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Signs and reads the tokens of one emulator. */
export class TokenSigner {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #kid: string;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    // The thumbprint of the key, so that a token of another start does not pass for one of this.
    this.#kid = createHash("sha256")
      .update(this.#publicKey.export({ type: "spki", format: "der" }))
      .digest("base64url");
  }

  /** A signed token (RFC 7515 §3.1). */
  sign(claims: TokenClaims): string {
    const header = { typ: "JWT", alg: "RS256", x5t: this.#kid, kid: this.#kid };
    const payload = { ...claims, iat: claims.nbf, sub: claims.oid, idp: claims.iss, ver: "1.0" };
    const signed = `${encode(header)}.${encode(payload)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), this.#privateKey).toString("base64url")}`;
  }

  /** The claims of a token that this signer signed; `undefined` for everything else. */
  read(token: string): TokenClaims | undefined {
    const [header = "", payload = "", signature = "", ...rest] = token.split(".");
    if (rest.length > 0 || decode(header)?.["alg"] !== "RS256") return undefined;
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify("sha256", signed, this.#publicKey, Buffer.from(signature, "base64url"))) return undefined;
    // Signed here, so the claims have the shape that was given to `sign`.
    return decode(payload) as TokenClaims | undefined;
  }
}
