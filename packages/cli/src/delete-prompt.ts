import type { Io } from "./deps.ts";

const maxAnswer = 1024;

/** Whether there is somebody to ask: who can read the question and type. */
export function canAsk(io: Io): boolean {
  return io.stdinIsTerminal && io.terminal !== undefined;
}

/** Asks at the terminal. Anything but yes is no: the end of the input, too. */
export async function confirmed(question: string, io: Io): Promise<boolean> {
  io.stderr(`${question} [y/N] `);
  const typed = await typedLine(io.stdin);
  if (!typed.endsWith("\n")) io.stderr("\n"); // the input has ended, and the cursor is still behind the question
  return /^\s*y(?:es)?\s*$/i.test(typed);
}

async function typedLine(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  let typed = "";
  for await (const chunk of stdin) {
    typed += Buffer.from(chunk).toString("latin1");
    if (typed.includes("\n") || typed.length > maxAnswer) break;
  }
  return typed.slice(0, typed.indexOf("\n") + 1 || maxAnswer);
}
