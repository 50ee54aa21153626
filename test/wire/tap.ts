import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { HttpMessages, type HttpMessage } from "./http-messages.ts";

/** Hands on what comes to a server, and keeps the bytes of its requests. */
export interface Tap extends AsyncDisposable {
  readonly url: string;
  /** Those that came since the last time, oldest first. */
  takeRequests(): readonly HttpMessage[];
}

/** Listens on loopback in front of a server. */
export async function tap(server: string): Promise<Tap> {
  const { hostname, port } = new URL(server);
  const requests: HttpMessage[] = [];
  const listening = createServer((client) => {
    const messages = new HttpMessages();
    const onward = connect(Number(port), hostname);
    client.on("data", (bytes: Buffer) => {
      messages.push(bytes);
      for (let message = messages.next(); message !== undefined; message = messages.next()) requests.push(message);
    });
    client.pipe(onward).pipe(client);
    for (const socket of [client, onward]) socket.on("error", () => [client, onward].forEach((each) => each.destroy()));
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    takeRequests: () => requests.splice(0),
    async [Symbol.asyncDispose]() {
      listening.close();
      await once(listening, "close");
    },
  };
}
