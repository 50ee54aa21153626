import { type Logger, pino, stdTimeFunctions } from "pino";

/** Where the server writes what happens: lines of JSON. */
export type Log = Pick<Logger, "info" | "warn" | "error">;

/**
 * A log of JSON lines. Callers hand it named values that are no secrets, never headers, bodies, URLs or the words of an
 * error but those that we chose; what looks like one of our tokens all the same, because a client put it where a name belongs, is blotted out.
 */
export function logLines(write: (line: string) => void, level: "info" | "error" = "info"): Log {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secrets, censor: blot },
  };
  return pino(options, { write: (line) => write(withoutTokens(line)) });
}

const blot = "[redacted]";
const secrets = ["authorization", "token", "secret", "body", "headers", "url"].flatMap((name) => [name, `*.${name}`]);

function withoutTokens(line: string): string {
  return line.replaceAll(/cmkit_[\w.~+/=-]+/gi, `cmkit_${blot}`);
}
