import type { ControlAction } from "../control-server.ts";
import { objectOf, optional, text, wholeNumber } from "../json-shape.ts";
import type { AwsEmulatorVerbs } from "./emulator-verbs.ts";
import { parseAwsSeedKey, parseDenial } from "./seed.ts";

interface KeyFields {
  readonly key: string;
  readonly days?: number;
}

const readKeyFields = objectOf<KeyFields>({ key: text(), days: optional(wholeNumber(0, 30)) });

/** The verbs that can be called over HTTP. A snapshot is not among them: it holds every secret. */
export function controlActions(verbs: AwsEmulatorVerbs): ReadonlyMap<string, ControlAction> {
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
    ["deny", ({ denial, ...fields }) => verbs.deny(readKeyFields(fields, "body").key, parseDenial(denial ?? {}))],
    ["create-key", ({ key }) => verbs.createKey(parseAwsSeedKey(key))],
    ["keys", () => verbs.keys],
  ]);
}
