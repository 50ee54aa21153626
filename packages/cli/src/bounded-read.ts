import { createReadStream } from "node:fs";

/** Reads everything, or gives undefined as soon as there is more than `maxBytes`; the source is closed either way. */
export async function readBounded(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** As {@link readBounded}, of a file. A device or a pipe is read like any other. */
export async function readFileBounded(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  return readBounded(createReadStream(path) as AsyncIterable<Uint8Array>, maxBytes);
}
