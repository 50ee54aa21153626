import type { Operation, VaultCall } from "./call.ts";
import { refusals } from "./errors.ts";
import { deletedKeyItem, keyItem } from "./key-bundle.ts";
import { currentVersion, isBeingDeleted, type VaultKey } from "./vault-key.ts";

// Up to 25 items a page (GetKeys, REST reference).
const pageSize = 25;

function keysOf({ store, vault }: VaultCall): readonly VaultKey[] {
  const keys = store.list().filter((key) => key.vault === vault);
  return keys.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function numberIn(query: URLSearchParams, name: string, max: number, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw refusals.parameter(`Property ${name} has invalid value\r\n`);
  return value;
}

/** One page. Its link names the host that the client used: a client on another address must not be sent to the real service. */
function page(call: VaultCall, path: string, items: readonly object[]): object {
  const limit = Math.max(1, numberIn(call.query, "maxresults", pageSize, pageSize));
  const start = numberIn(call.query, "$skiptoken", items.length, 0);
  const query = new URLSearchParams({
    "api-version": call.query.get("api-version") ?? "",
    $skiptoken: String(start + limit),
    maxresults: String(limit),
  });
  const nextLink = start + limit < items.length ? `https://${call.host}${path}?${query.toString()}` : null;
  return { value: items.slice(start, start + limit), nextLink };
}

const getKeys: Operation = (call) => {
  const live = keysOf(call).filter(({ deletion }) => deletion === undefined);
  return page(
    call,
    "/keys",
    live.map((key) => keyItem(key, currentVersion(key), false)),
  );
};

const getKeyVersions: Operation = (call) => {
  const key = call.store.live(call.vault, call.name);
  // By the version's name, which says nothing about its age.
  const versions = [...key.versions].sort((one, other) => (one.version < other.version ? -1 : 1));
  return page(
    call,
    `/keys/${key.name}/versions`,
    versions.map((version) => keyItem(key, version, true)),
  );
};

const getDeletedKeys: Operation = (call) =>
  page(
    call,
    "/deletedkeys",
    keysOf(call)
      .filter((key) => !isBeingDeleted(key, call.nowMs))
      .flatMap((key) => (key.deletion === undefined ? [] : deletedKeyItem(key, key.deletion))),
  );

/** The operations that list. */
export const listOperations: Readonly<Record<"GetKeys" | "GetKeyVersions" | "GetDeletedKeys", Operation>> = {
  GetKeys: getKeys,
  GetKeyVersions: getKeyVersions,
  GetDeletedKeys: getDeletedKeys,
};
