const targetGrammar = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?(\/[^?#]*)/i;
/** What a URL may hold unescaped; a backslash is a slash to some. */
const plainCharacters = /^[!-[\]-~]+$/;
const refusedInSegment = /[/\\\p{Cc}]/u;

/**
 * The path of a URL or of a request's target, each part decoded and encoded anew, so that every path has one spelling.
 * One more slash at the beginning is taken off: a client that is given a URL with a slash at its end sends it.
 *
 * @returns undefined for a path that two readers could understand in two ways: `%2f`, `%5c`, `..`, control characters,
 * percent signs that encode nothing, empty parts. No route has one.
 */
export function requestPath(target: string): string | undefined {
  const path = targetGrammar.exec(target)?.[1];
  if (path === undefined || !plainCharacters.test(path)) return undefined;
  const parts = path.replace(/^\/\//, "/").slice(1).split("/").map(decoded);
  return parts.includes(undefined) ? undefined : `/${parts.map((part) => encodeURIComponent(part ?? "")).join("/")}`;
}

function decoded(part: string): string | undefined {
  try {
    const text = decodeURIComponent(part);
    return text === "" || text === "." || text === ".." || refusedInSegment.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * What an HTTP server received as its target, where it hands it on as `@hono/node-server` does: making a URL of it already
 * takes `..` out.
 */
export function receivedTarget(env: unknown): string | undefined {
  if (typeof env !== "object" || env === null || !("incoming" in env)) return undefined;
  const { incoming } = env;
  if (typeof incoming !== "object" || incoming === null || !("url" in incoming)) return undefined;
  return typeof incoming.url === "string" ? incoming.url : undefined;
}
