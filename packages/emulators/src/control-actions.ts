import type { ControlAction } from "./control-server.ts";
import type { EmulatorVerbs } from "./emulator-verbs.ts";
import { objectOf, optional, type Reader, text, wholeNumber } from "./json-shape.ts";

interface KeyFields {
  readonly key: string;
  readonly days?: number;
}

const readKeyFields = objectOf<KeyFields>({ key: text(), days: optional(wholeNumber(0, 366)) });

/** How one cloud's keys and denials are read from JSON. */
export interface ControlReaders<SeedKey, Denial> {
  readonly seedKey: Reader<SeedKey>;
  readonly denial: Reader<Denial>;
}

/** The verbs that can be called over HTTP. A snapshot is not among them: it holds every secret. */
export function controlActions<SeedKey, Denial>(
  verbs: EmulatorVerbs<unknown, SeedKey, Denial, unknown>,
  read: ControlReaders<SeedKey, Denial>,
): ReadonlyMap<string, ControlAction> {
  const onKey =
    (act: (fields: KeyFields) => void): ControlAction =>
    (fields) =>
      act(readKeyFields(fields, "body"));
  return new Map<string, ControlAction>([
    ["disable", onKey(({ key }) => verbs.disableKey(key))],
    ["enable", onKey(({ key }) => verbs.enableKey(key))],
    ["schedule-deletion", onKey(({ key, days }) => verbs.scheduleKeyDeletion(key, days))],
    ["cancel-deletion", onKey(({ key }) => verbs.cancelKeyDeletion(key))],
    ["rotate", onKey(({ key }) => verbs.rotate(key))],
    ["allow", onKey(({ key }) => verbs.allow(key))],
    ["deny", ({ denial, ...fields }) => verbs.deny(readKeyFields(fields, "body").key, read.denial(denial ?? {}, "denial"))],
    ["create-key", ({ key }) => verbs.createKey(read.seedKey(key, "key"))],
    ["keys", () => verbs.keys],
  ]);
}
