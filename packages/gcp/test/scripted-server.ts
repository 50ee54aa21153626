import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type Script = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  /** What the next requests meet. */
  play(script: Script): void;
  readonly requests: readonly IncomingMessage[];
  /** The bodies of the requests, in the same order. */
  readonly bodies: readonly string[];
}

/** An HTTP server on 127.0.0.1 that answers as it is told, until the test that started it ends. */
export async function scriptedServer(first: Script = () => {}): Promise<ScriptedServer> {
  let script = first;
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const at = requests.push(request) - 1;
    bodies[at] = "";
    request.on("data", (chunk: Buffer) => {
      bodies[at] += chunk.toString();
    });
    request.on("end", () => script(request, response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    bodies,
    play(next) {
      script = next;
    },
  };
}

/** An answer as Cloud KMS writes them in REST; a string is sent as it is. */
export function answer(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json; charset=UTF-8", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

const httpStatus: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** An error as Google's APIs write them. @see https://google.aip.dev/193 */
export function serviceError(status: string, message = "the cloud's own words", details: readonly object[] = []): Script {
  const code = httpStatus[status] ?? 500;
  return answer(code, { error: { code, message, status, ...(details.length > 0 && { details }) } });
}

export const preconditionFailure = (type: string, subject: string): object => ({
  "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
  violations: [{ type, subject, description: "the cloud's own words" }],
});

export const errorInfo = (reason: string): object => ({
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason,
  domain: "googleapis.com",
});
