import { randomUUID, timingSafeEqual } from "node:crypto";
import {
  isKmsError,
  KmsError,
  type CallOptions,
  type Cmk,
  type Context,
  type DriverOperation,
  type EnvelopeCmk,
  type KeyDescription,
  type Kms,
  type KmsErrorCode,
  type KmsKey,
  type PublicKey,
  type PublicKeyPin,
  type WrapOptions,
  type WrappedKey,
} from "@cmkit/core";
import { keyStateCode } from "@cmkit/core/store";

/** Goes through what sealing and opening need, a step at a time. Each step rests on those before it, and throws what fails. */
export class AccessProbe {
  /** What is asked, or was asked last. */
  operation: DriverOperation = "describe";
  description: KeyDescription | undefined;
  publicKey: PublicKey | undefined;
  private readonly kms: Kms;
  private readonly cmk: EnvelopeCmk;
  private readonly project: string;
  private readonly context: Context;
  private readonly limits: () => CallOptions;
  private made: { readonly key: Uint8Array; readonly wrapped: WrappedKey } | undefined;

  /** @param limits What is left for the next question. */
  constructor(kms: Kms, cmk: EnvelopeCmk, project: string, limits: () => CallOptions) {
    this.kms = kms;
    this.cmk = cmk;
    this.project = project;
    this.context = this.newContext();
    this.limits = limits;
  }

  get resolved(): Cmk | undefined {
    const { provider } = this.cmk;
    return this.description && { provider, resource: this.description.resource };
  }

  async describe(): Promise<void> {
    this.operation = "describe";
    this.description = await this.open().describe(this.limits());
    const { state, deletionAt, expiresAt } = this.description;
    if (state === "enabled") return;
    const date = state === "pending-deletion" ? deletionAt : state === "expired" ? expiresAt : undefined;
    throw this.failed(keyStateCode[state], date && `on ${date.toISOString().slice(0, 10)}`);
  }

  async readPublicKey(): Promise<void> {
    if (this.description?.kind !== "rsa") return;
    this.operation = "publicKey";
    const { pin } = this.cmk;
    // A version keeps its public key; another version than the pinned one has its own.
    const held = pin?.keyVersion === this.description.keyVersion ? pin : undefined;
    this.publicKey = await this.open(held).publicKey(this.limits());
  }

  async wrap(): Promise<void> {
    // Described a moment ago.
    const options = (): WrapOptions => ({ ...this.limits(), confirmedWithinMs: Infinity });
    // With the pin that was just read, core wraps without proving it first: unwrapping here is the proof.
    const key = this.open(this.publicKey);
    this.operation = this.publicKey === undefined ? "generateDataKey" : "wrap";
    this.made = await key.generateDataKey(this.context, options());
    if (this.publicKey !== undefined) return;
    // Moving data keys here from another CMK wraps those that exist: a permission of its own in AWS.
    this.operation = "wrap";
    await key.wrapKey(this.made.key, this.context, options());
  }

  async unwrap(): Promise<void> {
    this.operation = "unwrap";
    const { key, wrapped } = this.wrapped();
    const opened = await this.open(this.publicKey).unwrapKey(wrapped, this.context, this.limits());
    const isSame = timingSafeEqual(opened, key);
    opened.fill(0);
    if (!isSame) throw this.failed("bad-answer", "what it opened is not what was wrapped");
  }

  /** A grant that is tied to a context refuses in its own way. */
  async refuseOtherContext(): Promise<void> {
    this.operation = "unwrap";
    const { wrapped } = this.wrapped();
    const key = this.open(this.publicKey);
    const opened = await key.unwrapKey(wrapped, this.newContext(), this.limits()).catch((error: unknown) => {
      if (isKmsError(error) && (error.code === "decrypt-failed" || error.code === "access-denied")) return undefined;
      throw error;
    });
    opened?.fill(0);
    if (opened !== undefined) throw this.failed("bad-answer", "it opened a wrap under another context than its own");
  }

  wipe(): void {
    this.made?.key.fill(0);
  }

  private open(pin?: PublicKeyPin): KmsKey {
    const { provider, resource } = this.cmk;
    return this.kms.open({ provider, resource }, pin && { pin });
  }

  private newContext(): Context {
    return { tenant: this.project, "cmkit-check": randomUUID() };
  }

  private wrapped(): { readonly key: Uint8Array; readonly wrapped: WrappedKey } {
    return this.made ?? failOrder();
  }

  private failed(code: KmsErrorCode, detail?: string): KmsError {
    return new KmsError(code, { provider: this.cmk.provider, ...(detail !== undefined && { detail }) });
  }
}

function failOrder(): never {
  throw new TypeError("expected wrap before unwrap");
}
