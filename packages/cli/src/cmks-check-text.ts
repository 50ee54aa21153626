import type { ProjectCheck } from "./cmks-check.ts";
import type { WireCheck } from "./cmks-check-wire.ts";
import { propertyTable, ruledTable } from "./cmks-tables.ts";
import { grantsChoice } from "./grants-choice.ts";
import { grantText } from "./grants-text.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** One key: what it is, how the check ended, and what to do. */
export function oneCheck(check: ProjectCheck): string {
  return `${propertyTable(check.cmk)}\n${details(check)}`;
}

/** A line a key, and below them what there is to do for each. */
export function allChecks(checks: readonly ProjectCheck[]): string {
  const rows = checks.map(({ project, cmk: { id, provider, validation } }) => {
    return [project, id, provider, validation.phase, validation.code];
  });
  const noted = checks.filter(({ passed, lints }) => !passed || lints.length > 0);
  const notes = noted.map((check) => `\n${nameOf(check)}\n${details(check)}`);
  return `${ruledTable(["project", "id", "provider", "phase", "code"], rows)}${notes.join("")}`;
}

function nameOf({ project, cmk: { id, provider, resource } }: ProjectCheck): string {
  return printable(`${project}, ${id}: ${provider} ${resource}`);
}

function details({ cmk: { validation }, missing, lints }: WireCheck): string {
  const grants =
    missing === null
      ? ""
      : `\nMissing: ${printable(missing.permission)}. To add it:\n${grantsChoice(missing.grants)}${grantsOf(missing)}`;
  const notes = lints.length === 0 ? "" : `\n${table(lints.map(({ severity, code, message }) => [severity, code, message]))}`;
  return `${printable(validation.message)}\n${grants}${notes}`;
}

function grantsOf({ grants }: NonNullable<WireCheck["missing"]>): string {
  return grants.map((grant) => `\n${printable(grant.title)}\n\n${grantText(grant)}`).join("");
}
