import type { DevPaths } from "./dev-command.ts";
import type { DevFile } from "./dev-file.ts";
import { table } from "./table.ts";

/** What `cmkit dev` prints when it is ready: no secret, which the file has. */
export function announcement({ aws }: DevFile, paths: DevPaths): string {
  const places = table([
    ["AWS emulator", aws.endpoint],
    ["endpoint and credentials", `${paths.file} (removed at the end)`],
    ["keys for the next start", `${paths.seed} (holds key material)`],
    ["RSA 2048 key", aws.keys.rsa2048],
    ["RSA 4096 key", aws.keys.rsa4096],
    ["symmetric key", aws.keys.symmetric],
  ]);
  return `cmkit dev is ready. Ctrl-C ends it.\n\n${places}\nNext, in another terminal: cmkit doctor --dev ${quoted(paths.file)}\n`;
}

/** The same as one line of JSON. */
export function announcementJson({ pid, aws }: DevFile, paths: DevPaths): string {
  const { endpoint, region, keys } = aws;
  return `${JSON.stringify({ pid, file: paths.file, seedFile: paths.seed, aws: { endpoint, region, keys } })}\n`;
}

function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : JSON.stringify(path);
}
