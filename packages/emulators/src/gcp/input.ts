import { crc32c } from "./crc32c.ts";
import { snakeCase } from "./field-name.ts";
import type { Message } from "./message-shape.ts";
import { refusals } from "./rpc-error.ts";

/** A string field; empty when it is missing, as protobuf has it. */
export function textOf(input: Message, name: string): string {
  const value = input[name];
  return typeof value === "string" ? value : "";
}

/** A field that is a message; empty when it is missing. */
export function messageOf(input: Message, name: string): Message {
  const value = input[name];
  return typeof value === "object" && value !== null ? (value as Message) : {};
}

/** The paths of an update mask. */
export function maskOf(input: Message, name: string): readonly string[] {
  const paths = textOf(input, name)
    .split(",")
    .filter((path) => path !== "");
  if (paths.length === 0) throw refusals.invalid("The update_mask must not be empty.");
  return paths;
}

/** Bytes that came whole, and whether a checksum proved it. */
export interface CheckedBytes {
  readonly bytes: Uint8Array;
  readonly verified: boolean;
}

/**
 * A bytes field, held against the checksum that the caller may have sent with it.
 *
 * @throws {RpcRefusal} INVALID_ARGUMENT when it is longer than allowed, or does not fit its checksum.
 */
export function checkedBytes(input: Message, name: string, maxBytes: number): CheckedBytes {
  const bytes = Buffer.from(textOf(input, name), "base64");
  if (bytes.byteLength > maxBytes) {
    throw refusals.invalid(`The field ${snakeCase(name)} is too long: ${bytes.byteLength} bytes, of at most ${maxBytes}.`);
  }
  const checksum = textOf(input, `${name}Crc32c`);
  if (checksum === "") return { bytes, verified: false };
  if (checksum !== String(crc32c(bytes))) throw refusals.checksum(`${snakeCase(name)}_crc32c`, snakeCase(name));
  return { bytes, verified: true };
}
