import { resolve } from "node:path";

/** Where a registry's store is. */
export type StoreAddress =
  | { readonly engine: "sqlite"; /** Absolute. */ readonly path: string; /** As it was given. */ readonly name: string }
  | { readonly engine: "postgres"; /** May hold a password. */ readonly url: string };

const scheme = /^(?<scheme>[a-z]+):(?<rest>.+)$/s;

/**
 * Reads `sqlite:FILE`, relative to a directory, or `postgres://…`.
 * @throws {TypeError} that says what was expected, without the text: it may hold a password.
 */
export function storeAddress(text: string, directory: string): StoreAddress {
  const { scheme: named = "", rest = "" } = scheme.exec(text)?.groups ?? {};
  if (named === "sqlite") return { engine: "sqlite", path: resolve(directory, rest), name: rest };
  const isUrl = (named === "postgres" || named === "postgresql") && rest.startsWith("//") && URL.canParse(text);
  if (isUrl) return { engine: "postgres", url: text };
  throw new TypeError("store: expected sqlite:FILE or postgres://…, got another string");
}
