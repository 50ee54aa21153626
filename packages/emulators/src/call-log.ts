import { RequestSeconds } from "./request-seconds.ts";

/** One request that an emulator answered. */
export interface EmulatedCall {
  /** The operation's name, such as `Decrypt`; `unknown` when the request named none. */
  readonly operation: string;
  /** The key's full name when it was found, else what the request called it. */
  readonly keyId: string | undefined;
  /** The HTTP status; 0 when the connection was reset. */
  readonly status: number;
  /** The service's name for the error, when the answer was one. */
  readonly errorName: string | undefined;
}

// A soak test makes millions of calls; counts stay exact, the list keeps the latest.
const maxListed = 10_000;

/** Counts every call and lists the latest 10,000. */
export class CallLog {
  /** The cryptographic requests, by the second in which they arrived. */
  readonly arrivals: RequestSeconds = new RequestSeconds();
  #calls: EmulatedCall[] = [];
  #counts = new Map<string, number>();

  /**
   * Counts a call that arrives: at once, since one that hangs may be answered when its caller is long gone.
   *
   * @returns Puts the call in the list when it is answered.
   */
  arrived(operation: string): (answer: Omit<EmulatedCall, "operation">) => void {
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
    return (answer) => {
      this.#calls.push({ operation, ...answer });
      if (this.#calls.length >= 2 * maxListed) this.#calls = this.#calls.slice(-maxListed);
    };
  }

  /** The latest calls in the order in which they were answered. */
  list(): readonly EmulatedCall[] {
    return this.#calls.slice(-maxListed);
  }

  /** How many calls of each operation have arrived since the last reset. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Forgets everything. */
  reset(): void {
    this.#calls = [];
    this.#counts.clear();
    this.arrivals.reset();
  }
}
