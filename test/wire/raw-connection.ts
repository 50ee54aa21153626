import { connect, type Socket } from "node:net";
import { HttpMessages, type HttpMessage } from "./http-messages.ts";

/** A connection to a server of HTTP/1.1 that sends just the bytes that it is told to. */
export class RawConnection implements Disposable {
  private readonly socket: Socket;
  private readonly messages = new HttpMessages();
  private isOver = false;
  private wake: () => void = () => undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on("data", (bytes: Buffer) => {
      this.messages.push(bytes);
      this.wake();
    });
    // What went wrong is seen where the next answer is missing.
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      this.isOver = true;
      this.wake();
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** The next answer. Rejects when the connection ends before it. @param bodiless After HEAD. */
  async receive(bodiless = false): Promise<HttpMessage> {
    for (;;) {
      const message = this.messages.next(bodiless);
      if (message !== undefined) return message;
      if (this.isOver) throw new Error("the server ended the connection without an answer");
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Resolves once the server has let go. */
  async ended(): Promise<void> {
    while (!this.isOver) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
