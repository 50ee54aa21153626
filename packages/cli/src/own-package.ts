import { readFile } from "node:fs/promises";

/** What this package says of itself. */
export interface OwnPackage {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Reads this package's package.json, which lies one level above both the sources and what is built from them. */
export async function ownPackage(): Promise<OwnPackage> {
  return JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as OwnPackage;
}
