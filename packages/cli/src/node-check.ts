import type { Check } from "./check.ts";
import { inRange } from "./version-range.ts";

/** Whether this Node is new enough. */
export function nodeCheck(version: string, range: string): Check {
  const ok = inRange(version, range) !== false;
  return {
    name: "Node.js",
    state: ok ? "ok" : "wrong",
    found: `${version}, expected ${range}`,
    todo: ok ? null : "install a newer one",
    needed: true,
  };
}
