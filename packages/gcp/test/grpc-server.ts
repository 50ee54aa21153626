import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

type Headers = NodeJS.Dict<string | string[]>;

export type GrpcScript = (stream: ServerHttp2Stream, headers: Headers) => void;

export interface GrpcServer {
  readonly url: string;
  /** The headers of the requests. */
  readonly requests: readonly Headers[];
}

/** A gRPC server without TLS on 127.0.0.1 that answers as it is told, until the test that started it ends. */
export async function grpcServer(script: GrpcScript): Promise<GrpcServer> {
  const requests: Headers[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    requests.push({ ...headers });
    stream.on("error", () => {});
    stream.resume().on("end", () => script(stream, headers));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** A message and status 0; the bytes are a protobuf, or are not. */
export function message(bytes: Uint8Array): GrpcScript {
  return (stream) => {
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(bytes.length, 1);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat([frame, bytes]));
  };
}

export function status(code: number, words: string): GrpcScript {
  return (stream) => {
    const headers = { ":status": 200, "content-type": "application/grpc", "grpc-status": String(code) };
    stream.respond({ ...headers, "grpc-message": encodeURIComponent(words) }, { endStream: true });
  };
}

/** What is no gRPC. */
export function page(httpStatus: number): GrpcScript {
  return (stream) => {
    stream.respond({ ":status": httpStatus, "content-type": "text/html" });
    stream.end("<html>a proxy</html>");
  };
}
