import type { CmkRecord } from "./cmk-record.ts";

/** What no count in a store can see: before a key is destroyed, somebody has to know it otherwise. At most five sentences. */
export function cannotSee(
  { canonical, keyResource }: Pick<CmkRecord, "canonical" | "keyResource">,
  backupsUntil: Date | null,
  isPast: boolean,
): readonly string[] {
  const sentences = [
    "Portable messages that are wrapped under the key, and data-key files such as those of `cmkit seal`, are kept outside of the store; a process that did not hear that the CMK became old goes on making such messages for up to 30 minutes.",
    "Other stores, other programs that use the key, and processes that still run with another operatorCmk than this one were not asked.",
    backups(backupsUntil, isPast),
    "It was so at this moment: from when the CMK is made current, or another project that may share the key uses an alias of it for the first time, data keys can be wrapped under the key again.",
  ];
  if (canonical === keyResource) return sentences;
  return [...sentences, "Other versions of the key were not counted: destroy this version alone, and never the key itself."];
}

function backups(until: Date | null, isPast: boolean): string {
  if (until === null) return "It was not said until when backups of the store exist: whoever restores one needs the key.";
  const date = until.toISOString();
  return isPast
    ? `That no backup of the store from before is left since ${date} is the operator's word.`
    : `Backups of the store exist until ${date}: whoever restores one needs the key.`;
}
