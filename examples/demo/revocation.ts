import { setTimeout as pause } from "node:timers/promises";
import { fieldEncryption, isKmsError, type Envelope } from "@cmkit/core";

/** How long reading and writing went on after the customer disabled the key: ms from the disable to the start of the last success. */
export interface Revocation {
  readonly lastReadMs: number;
  readonly lastWriteMs: number;
  /** What readers and writers are told from then on. */
  readonly refusals: readonly string[];
}

/**
 * Reads and writes a first time under one tenant's key.
 *
 * @returns What reads and writes without pause, disables the key, and watches until both are refused.
 */
export async function revocable(
  box: Envelope,
  tenant: string,
  ttlMs: number,
): Promise<(disable: () => Promise<void>) => Promise<Revocation>> {
  const pii = fieldEncryption({ envelope: box, table: "customers", rowId: "id", fields: { phone: {} } }).for(tenant);
  const customer = { id: "cus_000001", phone: "+44 20 7946 0123" };
  const stored = await pii.encrypt(customer);
  await pii.decrypt(stored);
  return async (disable) => {
    let disabledAt = Infinity;
    const untilRefused = async (act: () => Promise<unknown>): Promise<{ lastMs: number; code: string }> => {
      let last = -Infinity;
      for (;;) {
        const started = performance.now();
        try {
          await act();
          last = started;
        } catch (error) {
          if (!isKmsError(error)) throw error;
          if (!error.retryable) return { lastMs: Math.max(0, last - disabledAt), code: error.code };
        }
        await pause(10);
      }
    };
    const reading = untilRefused(() => pii.decrypt(stored));
    const writing = untilRefused(() => pii.encrypt(customer));
    await pause(ttlMs / 2); // both run on warm data keys for a while
    await disable();
    disabledAt = performance.now();
    const [read, write] = await Promise.all([reading, writing]);
    return { lastReadMs: Math.round(read.lastMs), lastWriteMs: Math.round(write.lastMs), refusals: [read.code, write.code] };
  };
}
