/**
 * JSON of ASCII characters alone, so that no terminal, editor or encoding changes a name on its way. AWS asks for it, too: its
 * policies have no character above U+00FF (PutKeyPolicy, API reference: the pattern of `Policy`).
 *
 * @param indent Spaces a level; none: one line.
 */
export function asciiJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[^\n -~]/g, escaped);
}

function escaped(unit: string): string {
  return String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
