import type { KmsMethod } from "./kms-proto.ts";

/** How a request of the REST API becomes a message: google.api.http of google/cloud/kms/v1/service.proto. */
export interface RestRoute {
  readonly method: KmsMethod;
  /** The field that the path gives; `a.b` stands inside a message. */
  readonly pathField: string;
  /** The field that the body gives: `*` for the whole message. */
  readonly bodyField?: string;
}

const location = "projects/*/locations/*";
const ring = `${location}/keyRings/*`;
const key = `${ring}/cryptoKeys/*`;
const version = `${key}/cryptoKeyVersions/*`;

type Verb = "GET" | "POST" | "PATCH";
type Row = readonly [Verb, template: string, method: KmsMethod, pathField?: string, bodyField?: string];

// What is not in braces in the service's templates comes after the name: `{name}/publicKey`, `{parent}/keyRings`.
const rows: readonly Row[] = [
  ["GET", `{${location}}/keyRings`, "ListKeyRings", "parent"],
  ["POST", `{${location}}/keyRings`, "CreateKeyRing", "parent", "keyRing"],
  ["GET", `{${ring}}`, "GetKeyRing"],
  ["GET", `{${ring}}/cryptoKeys`, "ListCryptoKeys", "parent"],
  ["POST", `{${ring}}/cryptoKeys`, "CreateCryptoKey", "parent", "cryptoKey"],
  ["GET", `{${key}}`, "GetCryptoKey"],
  ["PATCH", `{${key}}`, "UpdateCryptoKey", "cryptoKey.name", "cryptoKey"],
  ["POST", `{${key}}:updatePrimaryVersion`, "UpdateCryptoKeyPrimaryVersion", "name", "*"],
  ["POST", `{${key}}:encrypt`, "Encrypt", "name", "*"],
  ["POST", `{${version}}:encrypt`, "Encrypt", "name", "*"],
  ["POST", `{${key}}:decrypt`, "Decrypt", "name", "*"],
  ["GET", `{${key}}/cryptoKeyVersions`, "ListCryptoKeyVersions", "parent"],
  ["POST", `{${key}}/cryptoKeyVersions`, "CreateCryptoKeyVersion", "parent", "cryptoKeyVersion"],
  ["GET", `{${version}}`, "GetCryptoKeyVersion"],
  ["PATCH", `{${version}}`, "UpdateCryptoKeyVersion", "cryptoKeyVersion.name", "cryptoKeyVersion"],
  ["POST", `{${version}}:destroy`, "DestroyCryptoKeyVersion", "name", "*"],
  ["POST", `{${version}}:restore`, "RestoreCryptoKeyVersion", "name", "*"],
  ["POST", `{${version}}:asymmetricDecrypt`, "AsymmetricDecrypt", "name", "*"],
  ["GET", `{${version}}/publicKey`, "GetPublicKey"],
];

const routes = rows.map(([verb, template, method, pathField = "name", bodyField]) => ({
  verb,
  pattern: new RegExp(`^/v1/${template.replace("{", "(").replace("}", ")").replaceAll("*", "[^/]+")}$`),
  route: { method, pathField, ...(bodyField === undefined ? {} : { bodyField }) } satisfies RestRoute,
}));

/** A path with its escapes undone, or `undefined` where an escape stood for what divides a path. */
function decodedPath(path: string): string | undefined {
  try {
    const parts = path.split("/").map((part) => decodeURIComponent(part));
    return parts.some((part) => /[/\p{Cc}]/u.test(part)) ? undefined : parts.join("/");
  } catch {
    return undefined;
  }
}

/** The route of a request, and the name that its path gives. */
export function findRoute(verb: string, path: string): { readonly route: RestRoute; readonly name: string } | undefined {
  const decoded = decodedPath(path);
  for (const { verb: wanted, pattern, route } of routes) {
    const name = wanted === verb ? pattern.exec(decoded ?? "")?.[1] : undefined;
    // A name may end in a colon and a word only where a template says so.
    if (name !== undefined && !/:[A-Za-z]*$/.test(name)) return { route, name };
  }
  return undefined;
}
