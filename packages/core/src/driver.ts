import type { KeyDescription, KeyKind } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { KmsErrorCode } from "./kms-error.ts";

/**
 * What one cloud's package gives to `multiCloudKms`. An adapter holds no `try`, no retry and no deadline: core owns
 * argument checks, deadlines, cancellation, retries, error wrapping and events, once for all clouds.
 *
 * Check your own with the suite in `@cmkit/core/testing`. @see examples/custom-adapter.ts
 */
export interface KmsAdapter {
  /** The word that a CMK's `provider` must be to reach this adapter. */
  readonly provider: string;
  /** What a recorded key version of this cloud looks like; anything else is refused before a request. Anchored at both ends. */
  readonly keyVersionGrammar: RegExp;
  /**
   * Parses strictly and binds the calls to one key. Synchronous, no network.
   * @throws {KmsError} `invalid-resource`: for everything outside the cloud's grammar.
   */
  open(resource: string): KmsDriver;
  /** Turns whatever the SDK threw into a code, by one table. What is not listed is `unknown`, never a guess. */
  classify(error: unknown, operation: DriverOperation): Failure;
  /** Closes connections. */
  close?(): void | Promise<void>;
}

/** The calls to one key. Each sends one request where the cloud's API allows, honours `call.signal`, and lets every error through untouched. */
export interface KmsDriver {
  /** The canonical form of the identifier. */
  readonly resource: string;
  /** The key itself, where `resource` names one of its versions: the canonical form without the version. Default: `resource`. */
  readonly keyResource?: string;
  /** False for an alias or the like, which the first describe resolves. */
  readonly resolved: boolean;
  /** True when a wrap must name the key version that makes it: core then describes the key first. Default: the KMS chooses. */
  readonly namesVersion?: boolean;
  /** The state is that of `keyVersion`; where that is null, of the key and the version that new wraps are made under. */
  describe(keyVersion: string | null, call: DriverCall): Promise<DriverDescription>;
  /** RSA keys only. */
  publicKey(keyVersion: string | null, call: DriverCall): Promise<DriverPublicKey>;
  /** Symmetric keys only: the context is authenticated by the KMS. */
  wrap(request: WrapRequest, call: DriverCall): Promise<DriverWrap>;
  /** RSA keys ignore `request.context`: core seals it into the payload. */
  unwrap(request: UnwrapRequest, call: DriverCall): Promise<DriverUnwrap>;
  /** Symmetric keys only: 32 random bytes and their wrap. Without it core draws the bytes and calls `wrap`. */
  generateDataKey?(context: BoundContext, call: DriverCall): Promise<DriverWrap & DriverUnwrap>;
}

export type DriverOperation = "describe" | "publicKey" | "wrap" | "unwrap" | "generateDataKey";

export interface DriverCall {
  /** Aborts at the deadline or when the caller aborts. */
  readonly signal: AbortSignal;
  /** What is left until the deadline, for SDKs without cancellation. */
  readonly remainingMs: number;
}

export interface WrapRequest {
  /** 32 bytes. Borrowed: neither kept nor changed. */
  readonly plaintext: Uint8Array;
  readonly context: BoundContext;
  /** The version to wrap under, as lately described; null unless the driver `namesVersion`. */
  readonly keyVersion: string | null;
}

export interface UnwrapRequest {
  readonly kind: KeyKind;
  readonly bytes: Uint8Array;
  readonly context: BoundContext;
  readonly keyVersion: string | null;
}

/** Every answer says which key and version the KMS claims to have used; core compares. */
export interface DriverAnswer {
  /** The canonical resource that the KMS named; null where it names none. */
  readonly answeredBy: string | null;
  readonly keyVersion: string | null;
  readonly requestId?: string | undefined;
}

export type DriverDescription = Omit<KeyDescription, "provider"> & { readonly requestId?: string | undefined };

export interface DriverPublicKey extends DriverAnswer {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

export interface DriverWrap extends DriverAnswer {
  readonly bytes: Uint8Array;
}

export interface DriverUnwrap extends DriverAnswer {
  /** Handed over: core wipes it. */
  readonly plaintext: Uint8Array;
}

/** What an SDK's error means. */
export interface Failure {
  readonly code: KmsErrorCode;
  /**
   * The cloud's answer can mean several things: core describes the key version, and its state, or its absence, decides.
   * Where that finds nothing wrong, `code` stands; but no
   * ciphertext is called bad while asking for the key's state fails in passing.
   */
  readonly ambiguous?: boolean;
  readonly requestId?: string | undefined;
  /** How long the cloud asks us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** In our own words. Never the cloud's text. */
  readonly detail?: string;
}
