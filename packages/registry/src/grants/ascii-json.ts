/**
 * JSON, indented, of ASCII characters alone: AWS takes none above U+00FF in a policy.
 * PutKeyPolicy, API reference: the pattern of `Policy`.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/[^\n -~]/g, escaped);
}

function escaped(character: string): string {
  return String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
