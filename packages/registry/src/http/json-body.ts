import { RegistryError } from "../registry-error.ts";

/** The largest body that is read. */
export const maxBodyBytes = 65_536;

/**
 * The JSON of a body, whatever content type it says: Aiven's clients send several, also with no body at all.
 *
 * @returns An empty object for an empty body.
 * @throws {RegistryError} `too-large`; `invalid-request`: not JSON, not UTF-8, or cut off.
 */
export async function jsonBody(request: Request): Promise<unknown> {
  const bytes = await boundedBytes(request);
  if (bytes.length === 0) {
    // A parser that stands before us has read it: a change would be answered, and not made.
    if (Number(request.headers.get("content-length")) > 0) throw cutOff();
    return {};
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RegistryError("invalid-request", "The body must be JSON.");
  }
}

async function boundedBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > maxBodyBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of chunksOf(request)) {
    total += chunk.length;
    if (total > maxBodyBytes) throw tooLarge(); // leaving the loop cancels the stream
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  try {
    yield* body;
  } catch (error) {
    throw cutOff(error);
  }
}

function cutOff(cause?: unknown): RegistryError {
  return new RegistryError("invalid-request", "The body did not arrive whole.", cause);
}

function tooLarge(): RegistryError {
  return new RegistryError("too-large", `The body is larger than ${maxBodyBytes} bytes.`);
}
