const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const cmkId = new RegExp(`"id":"(${uuid})"`, "g");
const requestIdHeader = new RegExp(`^(x-request-id: )${uuid}$`, "i");
const moment = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** What differs from run to run stands in the transcript as `${name}`. */
export class Placeholders {
  private readonly values = new Map<string, string>();
  private cmks = 0;

  /** @param known Such as `operator`, and the operator's token. */
  constructor(known: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(known)) this.values.set(name, value);
  }

  /** Also `${spaces:N}`: a body that is too large to be written down. */
  fill(text: string): string {
    return text.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => {
      if (name.startsWith("spaces:")) return " ".repeat(Number(name.slice("spaces:".length)));
      const value = this.values.get(name);
      if (value === undefined) throw new Error(`nothing is known of ${whole}`);
      return value;
    });
  }

  /** Calls CMKs `cmk 1`, `cmk 2` … in the order in which they appear. */
  hide(line: string): string {
    for (const [, id = ""] of line.matchAll(cmkId)) this.learnCmk(id);
    let hidden = line.replace(requestIdHeader, "$1${request id}").replaceAll(moment, "${time}");
    for (const [name, value] of this.values) hidden = hidden.replaceAll(value, `\${${name}}`);
    return hidden;
  }

  /** The next CMK, unless it is known. */
  learnCmk(id: string): void {
    if ([...this.values.values()].includes(id)) return;
    this.cmks += 1;
    this.values.set(`cmk ${this.cmks}`, id);
  }
}
