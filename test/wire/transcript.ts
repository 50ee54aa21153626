import { readFileSync } from "node:fs";

/** What is sent, or received, or done beside. */
export interface Step {
  readonly kind: "send" | "receive" | "do";
  /** Head and body of a message, with an empty line between them; or what is to be done. */
  readonly lines: readonly string[];
}

/** What goes over one connection. */
export interface Exchange {
  /** Who sends it and what for. */
  readonly title: string;
  readonly steps: readonly Step[];
}

const kinds = { ">": "send", "<": "receive", "!": "do" } as const;

/** The file beside this one; its first lines say how it is to be read. */
export const transcriptFile: URL = new URL("transcript.txt", import.meta.url);

export function readTranscript(): readonly Exchange[] {
  const [, ...sections] = readFileSync(transcriptFile, "utf8").split(/^### /m);
  return sections.map((section) => {
    const [title = "", ...lines] = section.trimEnd().split("\n");
    return { title, steps: stepsOf(lines.filter((line) => line !== "")) };
  });
}

function stepsOf(lines: readonly string[]): readonly Step[] {
  const steps: { kind: Step["kind"]; lines: string[] }[] = [];
  for (const line of lines) {
    const kind = kinds[line.charAt(0) as keyof typeof kinds] as Step["kind"] | undefined;
    if (kind === undefined || !(line.length === 1 || line.charAt(1) === " ")) throw new Error(`expected >, < or !, got ${line}`);
    const last = steps.at(-1);
    if (last?.kind === kind) last.lines.push(line.slice(2));
    else steps.push({ kind, lines: [line.slice(2)] });
  }
  return steps;
}

/** The same, to be written. */
export function transcriptOf(exchanges: readonly Exchange[]): string {
  return exchanges.map(({ title, steps }) => `### ${title}\n${steps.map(textOf).join("")}`).join("\n");
}

function textOf({ kind, lines }: Step): string {
  const mark = Object.entries(kinds).find(([, named]) => named === kind)?.[0] ?? "";
  return lines.map((line) => `${`${mark} ${line}`.trimEnd()}\n`).join("");
}
