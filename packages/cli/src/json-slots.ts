import { RowError } from "./row-codec.ts";

/** Where in a line of JSON something stands. */
export interface Slot {
  /** What it was declared as. */
  readonly field: number;
  readonly start: number;
  readonly end: number;
}

/** The members that are looked for, as a tree of keys. */
export interface SlotTree {
  readonly path: string;
  readonly field: number | undefined;
  /** To be cut out, with its key. */
  readonly dropped: boolean;
  readonly children: Map<string, SlotTree>;
}

/** Stands for the row id among the fields. */
export const rowIdField = -1;
/** Stands for a member that is cut out. */
export const droppedField = -2;
/** Stands for a key `a.b` where a path `a.b` is declared. */
const flatField = -3;

/** The tree for these fields, each a path `a.b`. */
export function slotTree(fields: readonly string[], rowId: string | null, dropped: readonly string[]): SlotTree {
  const root = node("");
  for (const [field, path] of fields.entries()) plant(root, path, field, false);
  for (const path of dropped) plant(root, path, droppedField, true);
  if (rowId !== null) root.children.set(rowId, node(rowId, rowIdField));
  for (const path of [...fields, ...dropped]) {
    if (path.includes(".") && !root.children.has(path)) root.children.set(path, node(path, flatField));
  }
  return root;
}

function node(path: string, field?: number, dropped = false): SlotTree {
  return { path, field, dropped, children: new Map() };
}

function plant(root: SlotTree, path: string, field: number, dropped: boolean): void {
  const keys = path.split(".");
  let at = root;
  for (const [depth, key] of keys.entries()) {
    const last = depth === keys.length - 1;
    const found = at.children.get(key) ?? node(keys.slice(0, depth + 1).join("."), last ? field : undefined, dropped && last);
    at.children.set(key, found);
    at = found;
  }
}

/**
 * Finds the members of one object, so that all else on its line can stay as it is.
 *
 * @param text A JSON object, known to be valid; white space around it.
 * @returns In the order of the text; they do not overlap.
 * @throws {RowError} A declared member occurs twice, or is not where its path says.
 */
export function findSlots(text: string, tree: SlotTree): Slot[] {
  const scan = new Scan(text);
  scan.object(tree);
  return scan.slots;
}

class Scan {
  readonly slots: Slot[] = [];
  private readonly text: string;
  private readonly seen = new Set<SlotTree>();
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  object(tree: SlotTree): void {
    let keeps = false;
    let previousEnd = 0;
    let cutFrom = -1; // a member that goes, with all up to the next one, because none before it stays
    this.space();
    this.at += 1; // {
    this.space();
    while (this.text[this.at] !== "}") {
      const start = this.at;
      if (cutFrom !== -1) this.cut(cutFrom, start);
      const child = tree.children.get(this.key());
      this.member(child);
      const dropped = child?.dropped === true;
      if (dropped && keeps) this.cut(previousEnd, this.at);
      cutFrom = dropped && !keeps ? start : -1;
      keeps ||= !dropped;
      previousEnd = this.at;
      this.space();
      if (this.text[this.at] === ",") this.at += 1;
      this.space();
    }
    if (cutFrom !== -1) this.cut(cutFrom, previousEnd);
    this.at += 1;
  }

  private cut(start: number, end: number): void {
    this.slots.push({ field: droppedField, start, end });
  }

  private key(): string {
    const start = this.at;
    this.at = stringEnd(this.text, start);
    const inner = this.text.slice(start + 1, this.at - 1);
    const key = inner.includes("\\") ? (JSON.parse(this.text.slice(start, this.at)) as string) : inner;
    this.space();
    this.at += 1; // :
    this.space();
    return key;
  }

  private member(child: SlotTree | undefined): void {
    if (child === undefined) return this.value();
    if (this.seen.has(child)) throw new RowError(`${child.path}: the key occurs twice`);
    this.seen.add(child);
    if (child.field === flatField)
      throw new RowError(`${child.path}: expected objects within each other, got one key with a dot`);
    if (child.field === undefined) return this.below(child);
    const start = this.at;
    this.value();
    if (!child.dropped) this.slots.push({ field: child.field, start, end: this.at });
  }

  /** An object on the way to a field. Where it is null, there is no field. */
  private below(child: SlotTree): void {
    if (this.text[this.at] === "{") return this.object(child);
    if (!this.text.startsWith("null", this.at)) throw new RowError(`${child.path}: expected an object or null`);
    this.value();
  }

  private value(): void {
    this.at = valueEnd(this.text, this.at);
  }

  private space(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at += 1;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Behind the string that begins at `start`. */
export function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    at += code === 0x5c ? 2 : 1;
  }
}

/** Behind the value that begins at `start`. It calls nothing for what lies within: nesting has no limit. */
function valueEnd(text: string, start: number): number {
  let at = start;
  for (let depth = 0; ;) {
    const char = text[at];
    if (char === '"') at = stringEnd(text, at);
    else at += 1;
    if (char === "{" || char === "[") depth += 1;
    if (char === "}" || char === "]") depth -= 1;
    if (depth > 0) continue;
    if (char === '"' || char === "}" || char === "]") return at;
    return primitiveEnd(text, at);
  }
}

function primitiveEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text.charCodeAt(at)) && !",]}".includes(text.charAt(at))) at += 1;
  return at;
}
