import type { KeyKind } from "../cmk.ts";
import type { DriverOperation, KmsAdapter } from "../driver.ts";

/** What the conformance suite needs to know of an adapter, its keys and the service behind it. */
export interface ConformanceHarness {
  /** Makes a fresh adapter; each case gets its own, closed when the case ends. */
  adapter(): KmsAdapter;
  /** At least one key of each kind that the cloud has; the suite runs once for each. */
  readonly keys: readonly ConformanceKey[];
  /** A well-formed resource of a key that does not exist. */
  readonly missing: string;
  /** Resources outside the grammar; the suite adds blanks, line ends and the like of its own. */
  readonly invalid: readonly string[];
  /** What a key looks like on which every permission was taken away; `key-not-found` where the cloud does not say. Default `access-denied`. */
  readonly denied?: "access-denied" | "key-not-found";
  /** What `describe` must say: whether the adapter was pointed at another endpoint than the cloud's. */
  readonly emulated: boolean;
  /** Texts that no error and no event may hold: the adapter's credentials, say. */
  readonly secrets?: readonly string[];
  readonly controls: ConformanceControls;
  /** Requests that the service has counted so far. Without it the suite counts the driver's calls alone. */
  requests?(): number | Promise<number>;
  /** Called after each case: enables the keys again, allows access, takes out faults. */
  reset?(): void | Promise<void>;
  /** Cases by name that do not apply to this adapter, with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** A key that exists and is enabled, and what is known of it. */
export interface ConformanceKey {
  readonly kind: KeyKind;
  readonly bits: number;
  /** In canonical form. */
  readonly resource: string;
  /** The resource of a second key of the same kind and size, for the cases of the wrong key. */
  readonly other: string;
  /**
   * Which wraps record a key version: `recorded` all, `generated` only those of `generateDataKey` (a KMS whose encryption
   * call does not say), `none` where keys of this kind have no versions.
   */
  readonly versions: "recorded" | "generated" | "none";
  /** Another name for the key that only the KMS can resolve. */
  readonly alias?: string;
  /** Cases by name that do not apply to this key, with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** What the harness can do to the service: each a function, or the reason why the cases that need it are skipped. */
export interface ConformanceControls {
  /** `enabled` also cancels a scheduled deletion. */
  readonly setState: Control<(resource: string, state: "enabled" | "disabled" | "pending-deletion") => void | Promise<void>>;
  /** Takes away, or gives back, every permission on the key. */
  readonly setAccess: Control<(resource: string, access: "denied" | "allowed") => void | Promise<void>>;
  /** New material under the same resource; the old stays usable. */
  readonly rotate: Control<(resource: string) => void | Promise<void>>;
  /** Makes the next requests fail. */
  readonly fault: Control<(fault: ConformanceFault) => void | Promise<void>>;
}

export type Control<F extends (...args: never[]) => unknown> = F | string;

/** One way to fail, for the next `times` requests that `operation` sends about `resource`. */
export interface ConformanceFault {
  readonly kind: ConformanceFaultKind;
  readonly operation: DriverOperation;
  readonly resource: string;
  readonly times: number;
  /** For `another-key`: the key that the answer names. */
  readonly other: string;
  /** For `talkative`: what the error's text says. */
  readonly text: string;
}

/**
 * `throttle` and `unavailable` are the cloud's own words for them, `hang` is no answer for at least ten seconds, `html` and
 * `empty` are bodies with status 200, `another-key` is a good answer in the name of `other`, `wrong-length` is a plaintext
 * of other than 32 (or for RSA 64) bytes, `talkative` an error whose text repeats the request.
 */
export type ConformanceFaultKind =
  | "throttle"
  | "unavailable"
  | "hang"
  | "html"
  | "empty"
  | "another-key"
  | "wrong-length"
  | "talkative";
