import { inspect } from "node:util";

// Long enough that it does not turn up by chance, and a multiple of three, so that its base64 is a prefix of the whole's.
export const telltaleBytes = 15;

/** Finds secrets in what a log, a console or an HTTP answer would print of a value. */
export class SecretSearch {
  private readonly texts = new Map<string, string>();

  /** Shorter bytes are not searched for. */
  addBytes(name: string, bytes: Uint8Array): void {
    if (bytes.length < telltaleBytes) return;
    const start = Buffer.from(bytes.subarray(0, telltaleBytes));
    const hex = start.toString("hex");
    const spellings = [hex, hex.toUpperCase(), start.toString("base64"), start.toString("base64url")];
    spellings.push(start.join(","), start.join(", "), (hex.match(/../g) ?? []).join(" "), start.toString("latin1"));
    for (const spelling of spellings) this.texts.set(spelling, name);
  }

  addText(name: string, text: string): void {
    if (text.length > 0) this.texts.set(text, name);
  }

  /** @returns The name of a secret that `value` shows, if any. */
  find(value: unknown): string | undefined {
    const shown = [inspect(value, { depth: 10, maxStringLength: null, maxArrayLength: null }), json(value)];
    if (value instanceof Error) shown.push(String(value), value.message, value.stack ?? "");
    for (const [text, name] of this.texts) if (shown.some((print) => print.includes(text))) return name;
    return undefined;
  }
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
