import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A connection to a server, for what no client sends. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything that came until the server closed it. */
  readonly answer: Promise<string>;
}

export async function rawConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {}); // a connection that is cut off is an answer too
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  const answer = once(socket, "close").then(() => received);
  await once(socket, "connect");
  return { socket, answer };
}

/** Sends bytes and gives what came back until the server closed the connection. */
export async function raw(url: string, sent: string): Promise<string> {
  const { socket, answer } = await rawConnection(url);
  socket.write(sent);
  return answer;
}
