import { cmkIn, type WireCmk } from "./cmks-wire.ts";
import { countAt, flagAt, listAt, momentAt, objectAt, textAt, UnexpectedAnswer } from "./registry-wire.ts";

/** What became of the data keys under one version of a key. */
export interface WireRetiredVersion {
  readonly key_version: string | null;
  readonly made: number;
  readonly rewrapped_in: number;
  readonly rewrapped_out: number;
  readonly shredded: number;
  readonly present: number;
}

/** That nothing in a store depends on a key any more. */
export interface WireRetirement {
  readonly cmk: WireCmk;
  readonly resource: string;
  readonly store: string;
  readonly position: string;
  readonly at: string;
  readonly versions: readonly WireRetiredVersion[];
  readonly cannot_see: readonly string[];
  readonly backups_until: string | null;
  readonly safe_to_destroy: boolean;
  readonly audit_entry: number;
}

const maxText = 4096;

/** The answer of a retirement. What says less than that nothing is left, or more than it can know, is none. */
export function retirementIn(answer: unknown): WireRetirement {
  const retire = objectAt(objectAt(answer, "answer")["retire"], "retire");
  const text = (name: string): string => textAt(retire[name], `retire.${name}`, maxText);
  const until = retire["backups_until"];
  const retirement = {
    cmk: cmkIn(retire),
    resource: text("resource"),
    store: text("store"),
    position: text("position"),
    at: momentAt(retire["at"], "retire.at"),
    versions: listAt(retire["versions"], "retire.versions", versionAt),
    cannot_see: listAt(retire["cannot_see"], "retire.cannot_see", (value, path) => textAt(value, path, maxText)),
    backups_until: until === null ? null : momentAt(until, "retire.backups_until"),
    safe_to_destroy: flagAt(retire["safe_to_destroy"], "retire.safe_to_destroy"),
    audit_entry: countAt(retire["audit_entry"], "retire.audit_entry"),
  };
  refuseTooEarly(retirement);
  return retirement;
}

function versionAt(value: unknown, path: string): WireRetiredVersion {
  const version = objectAt(value, path);
  const count = (name: string): number => countAt(version[name], `${path}.${name}`);
  const name = version["key_version"];
  const balance = {
    key_version: name === null ? null : textAt(name, `${path}.key_version`, 1024),
    made: count("made"),
    rewrapped_in: count("rewrapped_in"),
    rewrapped_out: count("rewrapped_out"),
    shredded: count("shredded"),
    present: count("present"),
  };
  const { made, rewrapped_in: into, rewrapped_out: out, shredded, present } = balance;
  if (made + into - out - shredded !== 0 || present !== 0) throw new UnexpectedAnswer(`${path}: expected a balance of 0`);
  return balance;
}

function refuseTooEarly({ safe_to_destroy: isSafe, backups_until: until, at }: WireRetirement): void {
  if (!isSafe || (until !== null && Date.parse(until) <= Date.parse(at))) return;
  throw new UnexpectedAnswer("retire.safe_to_destroy: expected false before the backups are gone");
}
