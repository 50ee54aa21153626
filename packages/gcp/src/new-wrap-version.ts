import { KmsError, type DriverDescription } from "@cmkit/core";
import { fieldsIn } from "./answer.ts";
import type { CryptoKeyName } from "./crypto-key-name.ts";
import type { Send } from "./gcp-calls.ts";
import type { ListRequest } from "./gcp-client.ts";
import { readVersion, type ReadKey } from "./key-description.ts";

const pageSize = 1000;
// 20,000 versions of an RSA key, which has as many as were made by hand.
const maxPages = 20;

/**
 * The version that new wraps are made under. Symmetric: the primary. RSA keys have none, so it is the enabled version of the
 * highest number, and where none is enabled the version of the highest number, whose state then says why.
 */
export async function newWrapVersion(
  key: ReadKey,
  asked: CryptoKeyName,
  emulated: boolean,
  send: Send,
): Promise<DriverDescription> {
  if (key.kind === "symmetric") {
    if (key.primary === undefined) return noVersion(key, "no primary version: its owner must make one primary");
    return { ...readVersion(key.primary, asked, emulated), rotationDays: key.rotationDays };
  }
  const versions = await allVersions(asked, send);
  const newestFirst = versions
    .map((version) => ({ version, number: numberIn(version) }))
    .sort((a, b) => (a.number < b.number ? 1 : -1));
  const chosen = newestFirst.find(({ version }) => fieldsIn(version)["state"] === "ENABLED") ?? newestFirst[0];
  return chosen === undefined
    ? noVersion(key, "no version yet: its owner must create or import one")
    : readVersion(chosen.version, asked, emulated);
}

async function allVersions(asked: CryptoKeyName, send: Send): Promise<readonly unknown[]> {
  const versions: unknown[] = [];
  let request: ListRequest | undefined = { parent: asked.key, pageSize };
  for (let page = 0; page < maxPages && request !== undefined; page += 1) {
    const next: ListRequest = request;
    const answer = await send(async (client, options) => client.listCryptoKeyVersions(next, { ...options, autoPaginate: false }));
    const [found, , raw] = answer;
    if (Array.isArray(found)) versions.push(...(found as unknown[]));
    const token = raw instanceof Object && "nextPageToken" in raw ? raw.nextPageToken : "";
    request = typeof token === "string" && token !== "" ? { ...next, pageToken: token } : undefined;
  }
  if (request === undefined) return versions;
  throw new KmsError("unsupported", {
    provider: "gcp",
    detail: "the key has too many versions to choose from: name one in the resource",
  });
}

/** For comparing: names end in the number. What is no name sorts last, and is refused when it is read. */
function numberIn(version: unknown): bigint {
  return BigInt(/\/([1-9]\d{0,18})$/.exec(String(fieldsIn(version)["name"]))?.[1] ?? 0);
}

function noVersion({ importOnly }: ReadKey, detail: string): never {
  throw new KmsError(importOnly ? "key-pending-import" : "key-disabled", { provider: "gcp", detail: `the key has ${detail}` });
}
