import { type AddressInfo, createServer, type Socket } from "node:net";

import type { GrpcConnections } from "./grpc-connections.ts";
import type { KmsService } from "./service.ts";

/** Where gRPC is spoken, in clear (h2c). */
export interface GrpcServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Stops listening and drops every open connection. */
  close(): Promise<void>;
}

const loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

/** Serves gRPC on 127.0.0.1. The gRPC library is loaded for the first connection: who never makes one does not pay for it. */
export async function grpcServer(service: KmsService, wantedPort = 0): Promise<GrpcServer> {
  const sockets = new Map<string, Socket>();
  let loaded: Promise<GrpcConnections> | undefined;

  const load = async (): Promise<GrpcConnections> => {
    const { grpcConnections } = await import("./grpc-connections.ts");
    return grpcConnections({
      service,
      isOurs: (host) => loopbackNames.some((name) => host === `${name}:${port}`),
      drop: (peer) => sockets.get(peer)?.resetAndDestroy(),
    });
  };
  const server = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.on("close", () => sockets.delete(peer));
    socket.on("error", () => socket.destroy());
    loaded ??= load();
    void loaded.then(
      (connections) => connections.accept(socket),
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wantedPort, "127.0.0.1", () => resolve());
  });
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets.values()) socket.destroy();
      (await loaded?.catch(() => undefined))?.close();
      await closed;
    },
  };
}
