const grammar = /^(?<scheme>https?):\/\/[^\s/?#@\\]+(?<path>\/[^\s?#\\]*)?$/;
const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Checks an endpoint that the application chose in code: what goes there are credentials and keys.
 *
 * @param allowed.path Whether the service may lie below a path of its host.
 * @param allowed.loopbackHttp Whether it may be plain http on this machine, as emulators are.
 * @throws {TypeError} that says what was expected; without userinfo, query and fragment in any case.
 */
export function checkedEndpoint(
  endpoint: string,
  allowed: { readonly path: boolean; readonly loopbackHttp: boolean } = { path: true, loopbackHttp: true },
): URL {
  const { scheme, path = "/" } = grammar.exec(endpoint)?.groups ?? {};
  const pathFits = path === "/" || allowed.path;
  const schemeFits = scheme === "https" || (scheme === "http" && allowed.loopbackHttp);
  const url = pathFits && schemeFits ? URL.parse(endpoint) : null;
  if (url === null) {
    throw new TypeError(
      `expected endpoint to be an https URL without userinfo, ${allowed.path ? "" : "path, "}query and fragment`,
    );
  }
  if (url.protocol === "http:" && !loopback.has(url.hostname)) {
    throw new TypeError("expected endpoint to be https, or http to 127.0.0.1, [::1] or localhost");
  }
  return url;
}
