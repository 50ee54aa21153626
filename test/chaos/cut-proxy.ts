import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** The network between processes and their database: connections through it can be reset, stand still, or be left behind. */
export class CutProxy {
  private readonly target: () => number;
  private readonly listener: Server;
  private readonly links = new Set<Link>();
  private readonly orphans = new Set<Socket>();
  private isPaused = false;
  private isSilent = false;

  /** @param target The port to which connections go. */
  static async start(target: () => number): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await once(proxy.listener.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  private constructor(target: () => number) {
    this.target = target;
    this.listener = createServer((client) => this.link(client));
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.links.size;
  }

  /** Resets every connection on both sides, whatever is under way. @returns How many. */
  cut(): number {
    const { size } = this.links;
    for (const { client, server } of this.links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.links.clear();
    return size;
  }

  /** Nothing passes any more, and nobody is told. New connections are accepted. */
  pause(): void {
    this.isPaused = true;
    for (const { client, server } of this.links) {
      client.pause();
      server.pause();
    }
  }

  resume(): void {
    this.isPaused = false;
    for (const { client, server } of this.links) {
      client.resume();
      server.resume();
    }
  }

  /** From now on the database is not told when a client has died: what it held there, it goes on to hold. */
  silence(): void {
    this.isSilent = true;
  }

  /** Ends that, and tells the database of all who have died meanwhile. */
  tell(): void {
    this.isSilent = false;
    for (const server of this.orphans) server.destroy();
    this.orphans.clear();
  }

  async close(): Promise<void> {
    this.tell();
    const closed = once(this.listener.close(), "close");
    this.cut();
    await closed;
  }

  private link(client: Socket): void {
    const link: Link = { client, server: connect(this.target(), "127.0.0.1") };
    const { server } = link;
    this.links.add(link);
    for (const socket of [client, server]) socket.setNoDelay(true).on("error", () => {}); // `close` follows
    forward(client, server);
    forward(server, client);
    client.on("close", () => {
      if (this.isSilent && this.links.has(link)) this.orphans.add(server);
      else server.destroy();
      this.links.delete(link);
    });
    server.on("close", () => {
      client.destroy();
      this.links.delete(link);
    });
    if (this.isPaused) for (const socket of [client, server]) socket.pause();
  }
}

/** Bytes that arrive after the other side has died go nowhere. */
function forward(from: Socket, to: Socket): void {
  from.on("data", (bytes) => {
    if (to.writable) to.write(bytes);
  });
}
