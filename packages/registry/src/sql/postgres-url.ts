/** Where a PostgreSQL server is, and who we are there. Complete: nothing is left for PG… environment variables to fill in. */
export interface PostgresAddress {
  /** A name, an address, or the directory of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly applicationName: string;
  /** What follows our own settings in the server's `options`. */
  readonly options: string;
  /** False: no TLS. Else the server's certificate must be valid, by this file of authorities or by the usual ones. */
  readonly tls: false | { readonly caFile: string | undefined };
}

const expected = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE";
const known = new Set(["host", "sslmode", "sslrootcert", "options", "application_name"]);
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
/** libpq's words. As in `pg`, all that ask for TLS ask for a valid certificate too. */
const withTls = new Set(["require", "verify-ca", "verify-full"]);

/** @throws {TypeError} which never quotes the URL: it holds a password. */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:") throw new TypeError(expected);
  const unknown = [...url.searchParams.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new TypeError(`expected no parameters in the URL but ${[...known].join(", ")}`);
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || user === undefined || database === undefined || url.hash !== "") throw new TypeError(expected);
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    user,
    password,
    database,
    applicationName: url.searchParams.get("application_name") ?? "cmkit",
    options: url.searchParams.get("options") ?? "",
    tls: tlsOf(host, url.searchParams),
  };
}

function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError(`${expected}, percent-encoded`);
  }
}

/** Without `sslmode`, TLS for all but this machine: a password and every row go over the wire. */
function tlsOf(host: string, parameters: URLSearchParams): PostgresAddress["tls"] {
  const isLocal = host.startsWith("/") || loopback.test(host);
  const mode = parameters.get("sslmode") ?? (isLocal ? "disable" : "verify-full");
  if (mode === "disable") return false;
  if (!withTls.has(mode)) throw new TypeError("expected sslmode=verify-full, or sslmode=disable to go without TLS");
  return { caFile: parameters.get("sslrootcert") ?? undefined };
}
