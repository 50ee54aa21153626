import { resolve } from "node:path";
import { fromText, inspectSealed, isKmsError, type SealedInspection } from "@cmkit/core";

import { readBounded, readFileBounded } from "./bounded-read.ts";
import { CliError, errorCode } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { unreadable } from "./json-file.ts";
import { table } from "./table.ts";

/** The options of `cmkit inspect`. */
export interface InspectOptions {
  readonly json?: boolean;
}

const textPrefix = "cmk1.";
// The text form, a third longer than the bytes, of 64 MiB and its eight recipients.
const maxInputBytes = Math.ceil((65 * 1024 * 1024 * 4) / 3);
const mend = `Give one whole sealed message: its bytes, or its text form, which begins with ${textPrefix}`;

/** Prints what a sealed message says about itself. */
export async function inspectCommand(input: string | undefined, { json }: InspectOptions, deps: Deps, io: Io): Promise<number> {
  const { name, bytes } = await sealedInput(input, deps, io);
  const inspection = refusing(name, () => inspectSealed(bytes()));
  io.stdout(json ? `${JSON.stringify(inspection, null, 2)}\n` : shown(inspection));
  return 0;
}

interface Input {
  /** As it is called in messages. */
  readonly name: string;
  /** @throws {KmsError} `malformed`: text with the prefix whose rest is not base64url. */
  readonly bytes: () => Uint8Array;
}

async function sealedInput(input: string | undefined, deps: Deps, io: Io): Promise<Input> {
  if (input?.startsWith(textPrefix)) return { name: "the text", bytes: () => fromText(input) };
  if (input !== undefined && input !== "-") return { name: input, bytes: eitherForm(input, await fileContent(input, deps)) };
  if (input === undefined && io.stdinIsTerminal) {
    throw new CliError(
      "bad-usage",
      "expected a file, a text that begins with cmk1., or piped input.",
      "See `cmkit inspect --help`.",
    );
  }
  const name = "standard input";
  return { name, bytes: eitherForm(name, await readBounded(io.stdin, maxInputBytes)) };
}

async function fileContent(path: string, deps: Deps): Promise<Uint8Array | undefined> {
  return readFileBounded(resolve(deps.cwd, path), maxInputBytes).catch((error: unknown) => {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENAMETOOLONG" && code !== "ERR_INVALID_ARG_VALUE") throw unreadable(path, error);
    const shownPath = path.length > 80 ? `${path.slice(0, 80)}…` : path;
    throw new CliError("refused", `There is no file ${shownPath}`, `A sealed message given as text begins with ${textPrefix}`);
  });
}

/** Text is what begins with the prefix, which no message in bytes does; everything else is bytes. */
function eitherForm(name: string, content: Uint8Array | undefined): () => Uint8Array {
  if (content === undefined) throw new CliError("refused", `${name}: larger than a sealed message can be (malformed).`, mend);
  if (content.length === 0) throw new CliError("refused", `${name}: it is empty (malformed).`, mend);
  const isText = Buffer.from(content.buffer, content.byteOffset, textPrefix.length).toString("latin1") === textPrefix;
  if (content.length < textPrefix.length || !isText) return () => content;
  return () =>
    fromText(
      Buffer.from(content)
        .toString("latin1")
        .replace(/\r?\n$/, ""),
    );
}

function refusing(name: string, inspect: () => SealedInspection): SealedInspection {
  try {
    return inspect();
  } catch (error) {
    if (!isKmsError(error)) throw error;
    throw new CliError("refused", `${name}: ${error.message} (${error.code}).`, mend);
  }
}

function shown(inspection: SealedInspection): string {
  const { profile, algorithm, dataKeyId, iv, plaintextBytes, sealedBytes, originTag, recipients } = inspection;
  const portable = profile === "portable" ? [["origin tag", originTag ?? "none"]] : [];
  const rows = recipients.flatMap(({ provider, resource, kind, keyVersion, wrappedBytes }, index) => [
    [`recipient ${index + 1}`, `${provider}, ${kind}, ${wrappedBytes} bytes`],
    ["  resource", resource],
    ["  key version", keyVersion ?? "not said"],
  ]);
  const compact = profile === "compact" ? [["recipients", "in the data-key store, not in the message"]] : [];
  return `${table([
    ["profile", profile],
    ["algorithm", algorithm],
    ["data key id", dataKeyId],
    ["IV", iv],
    ["plaintext bytes", String(plaintextBytes)],
    ["sealed bytes", String(sealedBytes)],
    ...portable,
    ...compact,
    ...rows,
  ])}\nNone of this is authenticated until the message has been opened.\n`;
}
