import { isKmsError, KmsError, type Cmk } from "@cmkit/core";
import { boundedCache } from "@cmkit/core/adapter";
import { classifyGcpError } from "./gcp-errors.ts";
import { isCredentials, type GcpAuthClient, type GcpCredentials, type GcpOptions } from "./gcp-options.ts";

/** Whose permissions each call is made with. */
export interface GcpIdentities {
  /** What goes into the headers of a request about `cmk`. */
  headers(cmk: Cmk, signal: AbortSignal): Promise<Record<string, string>>;
  /** The KMS did not accept them: the next call begins anew. */
  forget(cmk: Cmk): void;
}

interface Held {
  readonly asked: Promise<GcpCredentials>;
  /** Undefined until `asked` is fulfilled. */
  identity?: GcpCredentials;
}

// A token must outlive the request that it is sent with.
const renewBeforeMs = 60_000;
const maxHeld = 500;
/** The audience of a self-signed token, where an auth client makes one. */
const audience = "https://cloudkms.googleapis.com/";

/** @param applicationDefault Makes Google's own chain of credentials. */
export function gcpIdentities(
  credentials: GcpOptions["credentials"],
  applicationDefault: () => Promise<GcpAuthClient>,
): GcpIdentities {
  const held = boundedCache<Held>(maxHeld);
  const ask = async (cmk: Cmk): Promise<GcpCredentials> => {
    if (credentials === undefined) return applicationDefault();
    return typeof credentials === "function" ? given(await credentials(cmk)) : credentials;
  };
  const nameOf = ({ resource }: Cmk): string => (typeof credentials === "function" ? resource : "");
  const forget = (cmk: Cmk): void => held.delete(nameOf(cmk));
  const asking = (cmk: Cmk): Held => {
    const next: Held = { asked: ask(cmk).then((identity) => (next.identity = identity)) };
    return next;
  };
  const identityOf = async (cmk: Cmk): Promise<GcpCredentials> => {
    // One asks for everybody who comes meanwhile.
    const { asked, identity } = held.get(nameOf(cmk), () => asking(cmk));
    if (identity === undefined || lasts(identity)) return asked;
    forget(cmk);
    return held.get(nameOf(cmk), () => asking(cmk)).asked;
  };
  return {
    forget,
    async headers(cmk, signal) {
      signal.throwIfAborted(); // or nobody would say when this caller gives up
      // What never answers holds up nobody for longer than their own deadline.
      const giveUp = (): void => forget(cmk);
      signal.addEventListener("abort", giveUp, { once: true });
      const fetched = identityOf(cmk).then(headersOf);
      return fetched
        .catch((error: unknown) => {
          forget(cmk);
          throw credentialsFault(error, typeof credentials === "function");
        })
        .finally(() => signal.removeEventListener("abort", giveUp));
    },
  };
}

function given(value: unknown): GcpCredentials {
  if (isCredentials(value)) return value;
  const detail = "the credentials function gave neither an accessToken nor an auth client";
  throw new KmsError("credentials", { provider: "gcp", detail });
}

/** Auth clients renew themselves. */
function lasts(identity: GcpCredentials): boolean {
  if ("getRequestHeaders" in identity) return true;
  return (identity.expiration?.getTime() ?? 0) > Date.now() + renewBeforeMs;
}

async function headersOf(identity: GcpCredentials): Promise<Record<string, string>> {
  if ("accessToken" in identity) return { authorization: `Bearer ${identity.accessToken}` };
  const headers = await identity.getRequestHeaders(audience);
  return headers instanceof Headers ? Object.fromEntries(headers) : { ...headers };
}

/**
 * Credentials are the application's: what fails in getting them says nothing about the customer's key, whatever the error is
 * called. Except that the customer can refuse to let us impersonate a service account of theirs, and that a network can be down
 * for it, too.
 */
function credentialsFault(error: unknown, forOneCmk: boolean): unknown {
  if (isKmsError(error) && (error.retryable || error.code === "credentials")) return error;
  const status = httpStatusOf(error);
  const { code, detail } = classifyGcpError(error, "describe");
  if (code === "adapter-missing") return error;
  if (status >= 500 || status === 429 || (status === 0 && (code === "unavailable" || code === "timeout"))) {
    return new KmsError("unavailable", { provider: "gcp", detail: "no access token could be fetched", cause: error });
  }
  if (status === 403 && forOneCmk) {
    const refused = "we may not impersonate the service account: grant us roles/iam.serviceAccountTokenCreator on it";
    return new KmsError("access-denied", { provider: "gcp", detail: refused, cause: error });
  }
  const ours = code === "credentials" ? detail : "no access token could be fetched: check the credentials that were given";
  return new KmsError("credentials", { provider: "gcp", cause: error, ...(ours === undefined ? {} : { detail: ours }) });
}

/** Of an error of google-auth-library's HTTP client; 0 when no answer came. */
function httpStatusOf(error: unknown): number {
  const { status, response } = (error ?? {}) as { readonly status?: unknown; readonly response?: { readonly status?: unknown } };
  const found = status ?? response?.status;
  return typeof found === "number" ? found : 0;
}
