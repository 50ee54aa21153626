import {
  isKmsError,
  KmsError,
  type CallOptions,
  type Clock,
  type Cmk,
  type DriverOperation,
  type EnvelopeCmk,
  type KeyDescription,
  type Kms,
  type KmsErrorCode,
  type PublicKey,
} from "@cmkit/core";

import { failureMessage, passedMessage, type FailingPhase } from "./access-message.ts";
import { AccessProbe } from "./access-probe.ts";
import type { CheckPhase } from "./cmk-record.ts";

/** What the KMS answered when it was asked for everything that sealing and opening need. */
export interface AccessFinding {
  /** The phase that failed, or `done`. */
  readonly phase: CheckPhase;
  readonly code: "ok" | KmsErrorCode;
  /** What happened and what to do, in our own words. At most 1,000 characters. */
  readonly message: string;
  /** What the KMS was asked last: names the permission where `code` is `access-denied`. */
  readonly operation: DriverOperation;
  /** Undefined when it could not be read. */
  readonly description: KeyDescription | undefined;
  /** Of an RSA key's current version. Only from the phase `context` on has the KMS opened what it wraps. */
  readonly publicKey: PublicKey | undefined;
  /** The key itself: an alias resolved. */
  readonly resolved: Cmk | undefined;
}

/** The registry answers within 5 s; the rest of that is for its store. */
const maxCheckMs = 4500;

const phases: readonly (readonly [FailingPhase, (probe: AccessProbe) => Promise<void>])[] = [
  ["describe", async (probe) => probe.describe()],
  ["public-key", async (probe) => probe.readPublicKey()],
  ["wrap", async (probe) => probe.wrap()],
  ["unwrap", async (probe) => probe.unwrap()],
  ["context", async (probe) => probe.refuseOtherContext()],
];

/**
 * Asks a KMS for everything that sealing and opening under a key need, up to the first thing that fails. A refusal is a
 * result, not an error. Nothing that this process learned of the key before counts, so a later version of it is noticed,
 * and one of an RSA key proven: the KMS must open what was wrapped with its public key.
 *
 * @param cmk With a pin: where the key's current version is the pinned one, its public key must be, too.
 * @param project The tenant of the probes' context, which is `{ tenant, "cmkit-check" }`.
 * @param options.timeoutMs For the whole check. Default and maximum 4,500.
 * @throws {KmsError} `aborted`: by the caller's signal.
 */
export async function checkAccess(
  kms: Kms,
  cmk: EnvelopeCmk,
  project: string,
  options: CallOptions = {},
): Promise<AccessFinding> {
  const { signal } = options;
  const probe = new AccessProbe(kms.withoutMemory(), cmk, project, untilDeadline(kms.clock, options));
  const found = (): Omit<AccessFinding, "phase" | "code" | "message"> => {
    const { operation, description, publicKey, resolved } = probe;
    return { operation, description, publicKey, resolved };
  };
  try {
    for (const [phase, run] of phases) {
      try {
        await run(probe);
      } catch (error) {
        if (!isKmsError(error) || (error.code === "aborted" && signal?.aborted === true)) throw error;
        return { phase, code: error.code, message: failureMessage(phase, error), ...found() };
      }
    }
    return { phase: "done", code: "ok", message: passedMessage(cmk.pin, probe.publicKey), ...found() };
  } finally {
    probe.wipe();
  }
}

/** One deadline for all questions. @returns What is left for the next one. */
function untilDeadline(clock: Clock, { signal, timeoutMs = maxCheckMs }: CallOptions): () => CallOptions {
  if (!(timeoutMs > 0)) throw new RangeError(`expected timeoutMs above 0, got ${timeoutMs}`);
  const endsMs = clock.monotonicMs() + Math.min(timeoutMs, maxCheckMs);
  return () => {
    const leftMs = endsMs - clock.monotonicMs();
    if (leftMs <= 0) throw new KmsError("timeout");
    return { signal, timeoutMs: leftMs };
  };
}
