import { createHash } from "node:crypto";

import type { GrantRequest } from "../grant.ts";
import type { KeyUse } from "./key-use.ts";

/**
 * A name for what a grant makes: the same for the same grant, so that pasting it twice makes one thing, and another for every
 * other, so that the grants of many keys stand in one file. A project's name cannot serve: it may hold anything.
 *
 * @returns `cmkit` and 8 hexadecimal digits.
 */
export function grantName({ project, cmk, kind }: GrantRequest, uses: readonly KeyUse[]): string {
  return `cmkit${digest([project, cmk.provider, cmk.resource, kind ?? null, uses]).slice(0, 8)}`;
}

/** The same as a UUID, for what a cloud names so. @param of Tells two things of one grant apart. */
export function grantUuid(name: string, of: string): string {
  const hex = digest([name, of]);
  // RFC 9562 §5.8: version 8, its bits are ours.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

function digest(of: unknown): string {
  return createHash("sha256").update(JSON.stringify(of)).digest("hex");
}
