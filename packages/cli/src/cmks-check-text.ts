import type { ProjectCheck } from "./cmks-check.ts";
import type { WireCheck } from "./cmks-check-wire.ts";
import { propertiesOf, ruledTable } from "./cmks-tables.ts";
import { grantText } from "./grants-text.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** One key: what it is, how the check ended, and what to do. */
export function oneCheck(check: ProjectCheck): string {
  const { phase, code, message, since, checked_at: checkedAt } = check.cmk.validation;
  const validation = Object.entries({ phase, code, message, since, checked_at: checkedAt });
  return `${ruledTable(["property", "value"], [...propertiesOf(check.cmk), ...validation])}${whatToDo(check)}`;
}

/** A line a key, and below them what to do for each that has something. */
export function allChecks(checks: readonly ProjectCheck[]): string {
  const rows = checks.map(({ project, cmk: { id, provider, validation } }) => {
    const { phase, code, message } = validation;
    return [project, id, provider, phase, code, message];
  });
  const todo = checks.map((check) => ({ check, text: whatToDo(check) })).filter(({ text }) => text !== "");
  const details = todo.map(({ check, text }) => `\n${nameOf(check)}\n${text}`);
  return `${ruledTable(["project", "id", "provider", "phase", "code", "message"], rows)}${details.join("")}`;
}

function nameOf({ project, cmk: { id, provider, resource } }: ProjectCheck): string {
  return printable(`${project}, ${id}: ${provider} ${resource}`);
}

function whatToDo({ missing, lints }: WireCheck): string {
  const grants =
    missing === null ? "" : `\nMissing: ${printable(missing.permission)}. Each of these alone adds it.\n${grantsOf(missing)}`;
  const notes = lints.length === 0 ? "" : `\n${table(lints.map(({ severity, code, message }) => [severity, code, message]))}`;
  return `${grants}${notes}`;
}

function grantsOf({ grants }: NonNullable<WireCheck["missing"]>): string {
  return grants.map((grant) => `\n${printable(grant.title)}\n\n${grantText(grant)}`).join("");
}
