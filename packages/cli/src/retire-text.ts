import { ruledTable } from "./cmks-tables.ts";
import { printable } from "./printable.ts";
import type { WireRetirement } from "./retire-wire.ts";
import { table } from "./table.ts";

/** The report as a page to be kept. @param again The command that makes it anew. */
export function retirementText(retirement: WireRetirement, project: string, again: string): string {
  const { versions, cannot_see: cannotSee } = retirement;
  const limits = cannotSee.map((sentence) => `  - ${printable(sentence)}\n`).join("");
  return [
    `Nothing in this store depends on the key any more.\n`,
    subject(retirement, project),
    `${versionsTable(versions)}made + rewrapped in - rewrapped out - shredded = present\n`,
    `What this cannot see:\n${limits}`,
    verdict(retirement, again),
  ].join("\n");
}

function subject({ cmk, resource, store, position, at, audit_entry: entry }: WireRetirement, project: string): string {
  const names = cmk.resource === resource ? [] : [["registered as", cmk.resource]];
  return table([
    ["project", project],
    ["CMK", `${cmk.id}, ${cmk.status}`],
    ["key", `${cmk.provider} ${resource}`],
    ...names,
    ["store", store],
    ["position", position],
    ["counted at", at],
    ["audit entry", String(entry)],
  ]);
}

function versionsTable(versions: WireRetirement["versions"]): string {
  if (versions.length === 0) return "No data key of this project was ever wrapped under it.\n";
  const rows = versions.map((version) => [
    version.key_version ?? "-",
    ...[version.made, version.rewrapped_in, version.rewrapped_out, version.shredded, version.present].map((count) =>
      count.toLocaleString("en-US"),
    ),
  ]);
  return ruledTable(["version", "made", "rewrapped in", "rewrapped out", "shredded", "present"], rows);
}

function verdict({ safe_to_destroy: isSafe, backups_until: until }: WireRetirement, again: string): string {
  if (until === null) {
    return (
      "NOT YET to be destroyed: it was not said until when backups of the store hold wraps under it.\n" +
      `Say so with --backups-until DATE, the day on which the last of them is deleted:\n  ${printable(again)} --backups-until DATE\n`
    );
  }
  if (!isSafe) {
    return (
      `NOT YET to be destroyed: backups until ${until} hold wraps under it.\n` +
      `Retire it again after that:\n  ${printable(again)} --backups-until ${until}\n`
    );
  }
  return `Safe to destroy, as far as this store goes, and its backups, of which the last was until ${until}.\n`;
}
