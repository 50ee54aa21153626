// What a value is, whatever it says about itself. Nothing of a caller's is run, but for the traps of a proxy.

/** Milliseconds since 1970, NaN for an invalid Date, undefined for what is no Date. */
export function timeOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value); // not what a subclass answers; only a Date has one
  } catch {
    return undefined;
  }
}

export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

export function isPlain(object: object): boolean {
  try {
    const prototype: unknown = Object.getPrototypeOf(object);
    return prototype === Object.prototype || prototype === null;
  } catch {
    return false; // a proxy: what it throws may hold the value
  }
}

/** What a value is called in an error. An object is not asked for a name: that could be anything. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return "text";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  if (timeOf(value) !== undefined) return "a Date";
  if (isBytes(value)) return "bytes";
  return isPlain(value) ? "an object" : "an instance of a class";
}
