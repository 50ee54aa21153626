import type { OperationName } from "./authorization.ts";

/** What a request asks for. */
export interface Route {
  readonly operation: OperationName;
  /** The key's name; empty for a list of keys. */
  readonly name: string;
  /** Undefined for the current version. */
  readonly version: string | undefined;
}

const cryptographic: ReadonlyMap<string, OperationName> = new Map<string, OperationName>([
  ["wrapkey", "WrapKey"],
  ["unwrapkey", "UnwrapKey"],
  ["encrypt", "Encrypt"],
  ["decrypt", "Decrypt"],
]);
const onKey: ReadonlyMap<string, OperationName> = new Map<string, OperationName>([
  ["GET ", "GetKey"],
  ["PATCH ", "UpdateKey"],
  ["PUT ", "ImportKey"],
  ["DELETE ", "DeleteKey"],
  ["GET versions", "GetKeyVersions"],
  ["POST create", "CreateKey"],
  ["POST rotate", "RotateKey"],
]);
const onDeletedKey: ReadonlyMap<string, OperationName> = new Map<string, OperationName>([
  ["GET ", "GetDeletedKey"],
  ["DELETE ", "PurgeDeletedKey"],
  ["POST recover", "RecoverDeletedKey"],
]);
const onVersion: ReadonlyMap<string, OperationName> = new Map<string, OperationName>([
  ["GET", "GetKey"],
  ["PATCH", "UpdateKey"],
]);

function found(operation: OperationName | undefined, name: string, version?: string): Route | undefined {
  return operation === undefined ? undefined : { operation, name, version: version === "" ? undefined : version };
}

/**
 * Reads a request's method and path. The official clients leave the version empty when they name none: `/keys/k/`,
 * `/keys/k//wrapkey`.
 */
export function routeOf(method: string, path: string): Route | undefined {
  // A client whose vault URL ends with a slash begins its paths with two.
  const [collection, name = "", part = "", action, ...rest] = path.replace(/^\/+/, "").split("/");
  if (rest.length > 0) return undefined;
  if (collection === "deletedkeys") {
    if (name === "") return found(method === "GET" && part === "" ? "GetDeletedKeys" : undefined, "");
    return found(action === undefined ? onDeletedKey.get(`${method} ${part}`) : undefined, name);
  }
  if (collection !== "keys") return undefined;
  if (name === "") return found(method === "GET" && part === "" ? "GetKeys" : undefined, "");
  if (action !== undefined) return found(method === "POST" ? cryptographic.get(action.toLowerCase()) : undefined, name, part);
  return (
    found(onKey.get(`${method} ${part}`), name) ??
    found(method === "POST" ? cryptographic.get(part.toLowerCase()) : undefined, name) ??
    found(onVersion.get(method), name, part)
  );
}
