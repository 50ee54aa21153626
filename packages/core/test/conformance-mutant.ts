import type { BoundContext } from "../src/context.ts";
import type { DriverCall, DriverUnwrap, DriverWrap, KmsAdapter, KmsDriver } from "../src/driver.ts";
import type { KmsErrorCode } from "../src/kms-error.ts";

/** An adapter with one defect, and the case that must notice. */
export interface Mutant {
  readonly defect: string;
  readonly kind: "rsa" | "symmetric";
  readonly fails: string;
  /** What the case says: it must fail for this defect, not by accident. */
  readonly says: RegExp;
  readonly change: (adapter: KmsAdapter) => KmsAdapter;
}

export type Change = Mutant["change"];

export const succeeded: RegExp = /but the call succeeded/;
export const differs: RegExp = /Expected|strictly|equal/;

export function drivers(change: (driver: KmsDriver, adapter: KmsAdapter) => Partial<KmsDriver>): Change {
  return (adapter) => ({
    ...adapter,
    open: (resource) => {
      const driver = adapter.open(resource);
      return { ...driver, ...change(driver, adapter) };
    },
  });
}

export function inContext(change: (context: BoundContext) => BoundContext): Change {
  return drivers((driver) => ({
    wrap: async (request, call) => driver.wrap({ ...request, context: change(request.context) }, call),
    unwrap: async (request, call) => driver.unwrap({ ...request, context: change(request.context) }, call),
    generateDataKey: async (context, call) => generate(driver, change(context), call),
  }));
}

export async function generate(driver: KmsDriver, context: BoundContext, call: DriverCall): Promise<DriverWrap & DriverUnwrap> {
  const answer = await driver.generateDataKey?.(context, call);
  if (answer === undefined) throw new TypeError("expected a driver that generates data keys");
  return answer;
}

/** Unwraps `repair(bytes)` in the place of bytes that look damaged, given a wrap that was made before. */
export function repairing(repair: (bytes: Uint8Array, known: Uint8Array) => boolean): Change {
  const wraps: Uint8Array[] = [];
  return drivers((driver) => ({
    async wrap(request, call) {
      const answer = await driver.wrap(request, call);
      wraps.push(answer.bytes.slice());
      return answer;
    },
    unwrap: async (request, call) =>
      driver.unwrap({ ...request, bytes: wraps.find((known) => repair(request.bytes, known)) ?? request.bytes }, call),
  }));
}

export function unwraps(change: (driver: KmsDriver, adapter: KmsAdapter) => KmsDriver["unwrap"]): Change {
  return drivers((driver, adapter) => ({ unwrap: change(driver, adapter) }));
}

export function classifies(from: KmsErrorCode, to: KmsErrorCode): Change {
  return (adapter) => ({
    ...adapter,
    classify(error, operation) {
      const failure = adapter.classify(error, operation);
      return failure.code === from ? { code: to } : failure;
    },
  });
}

export function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length > start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

export function mutant(defect: string, kind: Mutant["kind"], fails: string, says: RegExp, change: Change): Mutant {
  return { defect, kind, fails, says, change };
}
