/** An HTTP/1.1 message as it was sent. */
export interface HttpMessage {
  /** The start line and the headers, in their order. */
  readonly head: readonly string[];
  /** Out of its chunks, where it came in chunks. */
  readonly body: string;
}

const headEnd = "\r\n\r\n";

/** Takes messages out of what comes over one connection. */
export class HttpMessages {
  private bytes: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }

  /** The next one, once all of it is there. @param bodiless For an answer to HEAD, which has the length of a body and no body. */
  next(bodiless = false): HttpMessage | undefined {
    const end = this.bytes.indexOf(headEnd);
    if (end === -1) return undefined;
    const head = this.bytes.toString("utf8", 0, end).split("\r\n");
    const from = end + headEnd.length;
    const body = bodiless ? { text: "", end: from } : this.body(head, from);
    if (body === undefined) return undefined;
    this.bytes = this.bytes.subarray(body.end);
    return { head, body: body.text };
  }

  private body(head: readonly string[], from: number): { readonly text: string; readonly end: number } | undefined {
    if (header(head, "transfer-encoding") === "chunked") return this.chunks(from);
    const end = from + Number(header(head, "content-length") ?? 0);
    return end > this.bytes.length ? undefined : { text: this.bytes.toString("utf8", from, end), end };
  }

  // RFC 9112 §7.1, without trailers
  private chunks(from: number): { readonly text: string; readonly end: number } | undefined {
    const parts: Buffer[] = [];
    for (let at = from; ;) {
      const lineEnd = this.bytes.indexOf("\r\n", at);
      if (lineEnd === -1) return undefined;
      const size = Number.parseInt(this.bytes.toString("latin1", at, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (end > this.bytes.length) return undefined;
      if (size === 0) return { text: Buffer.concat(parts).toString("utf8"), end };
      parts.push(this.bytes.subarray(lineEnd + 2, end - 2));
      at = end;
    }
  }
}

function header(head: readonly string[], name: string): string | undefined {
  const line = head.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
