/** Which operation a request asks for, and what its path says. */
export interface Route {
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
}

// As the API reference has them. Operations that are not emulated are here for their names.
const paths: Readonly<Record<string, string>> = {
  "POST /encrypt": "Encrypt",
  "POST /decrypt": "Decrypt",
  "POST /generateDataEncryptionKey": "GenerateDataEncryptionKey",
  "POST /exportKey": "ExportKey",
  "POST /sign": "Sign",
  "POST /verify": "Verify",
  "GET /keys": "ListKeys",
  "POST /keys": "CreateKey",
  "POST /keys/import": "ImportKey",
  "GET /keys/{keyId}": "GetKey",
  "PUT /keys/{keyId}": "UpdateKey",
  "POST /keys/{keyId}/actions/enable": "EnableKey",
  "POST /keys/{keyId}/actions/disable": "DisableKey",
  "POST /keys/{keyId}/actions/scheduleDeletion": "ScheduleKeyDeletion",
  "POST /keys/{keyId}/actions/cancelDeletion": "CancelKeyDeletion",
  "POST /keys/{keyId}/actions/backup": "BackupKey",
  "POST /keys/{keyId}/actions/changeCompartment": "ChangeKeyCompartment",
  "GET /keys/{keyId}/keyVersions": "ListKeyVersions",
  "POST /keys/{keyId}/keyVersions": "CreateKeyVersion",
  "POST /keys/{keyId}/keyVersions/import": "ImportKeyVersion",
  "GET /keys/{keyId}/keyVersions/{keyVersionId}": "GetKeyVersion",
  "POST /keys/{keyId}/keyVersions/{keyVersionId}/actions/scheduleDeletion": "ScheduleKeyVersionDeletion",
  "POST /keys/{keyId}/keyVersions/{keyVersionId}/actions/cancelDeletion": "CancelKeyVersionDeletion",
  "GET /wrappingKeys": "GetWrappingKey",
  "GET /vaults": "ListVaults",
  "POST /vaults": "CreateVault",
  "GET /vaults/{vaultId}": "GetVault",
};

const routes = Object.entries(paths).map(([path, operation]) => ({ operation, parts: path.split("/") }));

function paramsOf(parts: readonly string[], given: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (parts.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith("{")) params[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

/** The route of a request, or `undefined` when the API has none such. Ids are taken as they are: OCIDs need no escapes. */
export function routeOf(method: string, path: string): Route | undefined {
  const [root, version, ...rest] = path.split("/");
  if (root !== "" || version !== "20180608") return undefined;
  for (const { operation, parts } of routes) {
    const params = paramsOf(parts, [`${method} `, ...rest]);
    if (params !== undefined) return { operation, params };
  }
  return undefined;
}
