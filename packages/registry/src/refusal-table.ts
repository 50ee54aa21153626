import type { CallEvent } from "@cmkit/core";

/** What was refused. `others` stands for all that found no line of its own. */
export type Refused =
  | {
      readonly provider: string;
      readonly resource: string;
      readonly code: CallEvent["outcome"];
      /** Which call; undefined when it is not known. */
      readonly operation: CallEvent["type"] | undefined;
    }
  | "others";

/** How often something was refused to somebody. */
export interface RefusalLine {
  /** Null where the call was for no tenant, such as a describe. */
  readonly tenant: string | null;
  readonly refused: Refused;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const maxLines = 500;
const maxLinesPerTenant = 10;
const maxLinesOfNobody = 100;

/**
 * Counts refusals in bounded memory, so that one tenant neither fills the audit log nor crowds out the others: it has ten
 * lines and one for the rest; when there are five hundred in all, one further line takes everything.
 */
export class RefusalTable {
  private lines = new Map<string, RefusalLine>();
  private linesOf = new Map<string | null, number>();

  get size(): number {
    return this.lines.size;
  }

  add(line: RefusalLine): void {
    const { tenant } = line;
    const others: RefusalLine = { ...line, refused: "others" };
    const hasRoom = this.size < maxLines;
    const isWithin = (this.linesOf.get(tenant) ?? 0) < (tenant === null ? maxLinesOfNobody : maxLinesPerTenant);
    if (this.has(line) || (hasRoom && isWithin)) this.put(line);
    else if (this.has(others) || hasRoom) this.put(others);
    else this.put({ ...others, tenant: null });
  }

  /** Hands out all lines and forgets them. */
  take(): readonly RefusalLine[] {
    const lines = [...this.lines.values()];
    this.lines = new Map();
    this.linesOf = new Map();
    return lines;
  }

  private has(line: RefusalLine): boolean {
    return this.lines.has(keyOf(line));
  }

  private put(line: RefusalLine): void {
    const key = keyOf(line);
    const before = this.lines.get(key);
    if (before === undefined) this.linesOf.set(line.tenant, (this.linesOf.get(line.tenant) ?? 0) + 1);
    this.lines.set(key, before === undefined ? line : sum(before, line));
  }
}

function keyOf({ tenant, refused }: RefusalLine): string {
  if (refused === "others") return JSON.stringify([tenant]);
  const { provider, resource, code, operation } = refused;
  return JSON.stringify([tenant, provider, resource, code, operation]);
}

function sum(a: RefusalLine, b: RefusalLine): RefusalLine {
  const firstMs = Math.min(a.firstMs, b.firstMs);
  return { ...a, count: a.count + b.count, firstMs, lastMs: Math.max(a.lastMs, b.lastMs) };
}
