import { KmsError, type Cmk } from "@cmkit/core";
import { boundedCache } from "@cmkit/core/adapter";
import type * as OciSdk from "oci-common";
import { credentialsFault } from "./credentials-fault.ts";
import { isApiKey, isProvider, type OciAuthenticationProvider, type OciOptions } from "./oci-options.ts";
import { plainPrivateKey } from "./private-key.ts";
import { sharedRun } from "./shared-run.ts";

type Request = Parameters<OciSdk.DefaultRequestSigner["signHttpRequest"]>[0];

/** Who signs requests. */
export interface Identity {
  sign(request: Request, signal: AbortSignal): Promise<void>;
}

/** The identities of one adapter: one, or one a CMK where credentials come from a function. */
export interface Identities {
  of(sdk: typeof OciSdk, cmk: Cmk, signal: AbortSignal): Promise<Identity>;
  /** OCI accepted its signature. */
  accepted(identity: Identity): void;
  /** OCI did not: the credentials are asked for again the next time. @returns Whether they had been accepted before. */
  refused(identity: Identity): boolean;
  /** Lets go of the private keys. */
  close(): void;
}

interface Seat {
  identity: Identity | undefined;
  /** One was refused: a provider that can is refreshed before the next. */
  stale: boolean;
  readonly make: (signal: AbortSignal) => Promise<Identity>;
}

const maxSeats = 500;

export function identities(credentials: OciOptions["credentials"]): Identities {
  const seats = boundedCache<Seat>(maxSeats);
  const seatOf = new WeakMap<Identity, Seat>();
  const proven = new WeakSet<Identity>();
  const take = (sdk: typeof OciSdk, cmk: Cmk): Seat => {
    const make = async (): Promise<Identity> => {
      const identity = await makeIdentity(sdk, credentials, cmk, seat.stale);
      seatOf.set(identity, seat);
      seat.identity = identity;
      return identity;
    };
    const seat: Seat = { identity: undefined, stale: false, make: sharedRun(make) };
    return seat;
  };
  return {
    async of(sdk, cmk, signal) {
      const name = typeof credentials === "function" ? cmk.resource : "";
      const seat = seats.get(name, () => take(sdk, cmk));
      return seat.identity ?? seat.make(signal);
    },
    accepted: (identity) => void proven.add(identity),
    refused(identity) {
      const seat = seatOf.get(identity);
      if (seat?.identity === identity) Object.assign(seat, { identity: undefined, stale: true });
      return proven.has(identity);
    },
    close: () => seats.clear(),
  };
}

/** @throws {KmsError} `credentials`; `unavailable` when their source cannot be reached. */
async function makeIdentity(
  sdk: typeof OciSdk,
  credentials: OciOptions["credentials"],
  cmk: Cmk,
  stale: boolean,
): Promise<Identity> {
  const given = async (): Promise<unknown> => (typeof credentials === "function" ? credentials(cmk) : credentials);
  const answer = await given().catch((error: unknown) => fail(error, "the credentials function failed"));
  const build = async (): Promise<Identity> => {
    const provider = await providerOf(sdk, answer, credentials === undefined);
    if (stale && "refresh" in provider && typeof provider.refresh === "function") await provider.refresh();
    return signerOf(sdk, await unlocked(provider), turnOf(provider));
  };
  return build().catch((error: unknown) => fail(error, "the credentials cannot be used"));
}

async function providerOf(sdk: typeof OciSdk, given: unknown, byDefault: boolean): Promise<OciAuthenticationProvider> {
  if (isApiKey(given)) {
    const { tenancy, user, fingerprint, privateKey, passphrase = null } = given;
    const plain = await plainPrivateKey(privateKey, passphrase);
    return new sdk.SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, plain, null);
  }
  const provider = byDefault ? new sdk.ConfigFileAuthenticationDetailsProvider() : given;
  if (!isProvider(provider)) throw new KmsError("credentials", { provider: "oci", detail: "the credentials function gave none" });
  return provider;
}

/** The provider as it is now, without a passphrase: the SDK's parser ends the process when one does not fit, however late. */
async function unlocked(provider: OciAuthenticationProvider): Promise<OciAuthenticationProvider> {
  const passphrase = provider.getPassphrase() ?? "";
  if (passphrase === "") return provider;
  const plain = await plainPrivateKey(provider.getPrivateKey(), passphrase);
  return { getKeyId: async () => provider.getKeyId(), getPrivateKey: () => plain, getPassphrase: () => null };
}

type Turn = (signal: AbortSignal) => Promise<string>;

const turns = new WeakMap<OciAuthenticationProvider, Turn>();

/**
 * Who finds a principal's token expired fetches a new one and draws a key pair for it, each for himself: so one at a time for
 * all CMKs that share the principal, or a request is signed by the key of one and names the token of another.
 */
function turnOf(provider: OciAuthenticationProvider): Turn {
  const turn = turns.get(provider) ?? sharedRun(async () => provider.getKeyId());
  turns.set(provider, turn);
  return turn;
}

function signerOf(sdk: typeof OciSdk, provider: OciAuthenticationProvider, ready: Turn): Identity {
  const signer = new sdk.DefaultRequestSigner(provider);
  return {
    async sign(request, signal) {
      const signed = ready(signal).then(async () => signer.signHttpRequest(request));
      await signed.catch((error: unknown) => fail(error, "the credentials cannot be used"));
    },
  };
}

function fail(error: unknown, otherwise: string): never {
  throw credentialsFault(error, otherwise);
}
