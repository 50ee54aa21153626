import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type Script = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  /** What the next requests meet. */
  play(script: Script): void;
  readonly requests: readonly IncomingMessage[];
}

/** An HTTP server on 127.0.0.1 that answers as it is told, until the test that started it ends. */
export async function scriptedServer(first: Script = () => {}): Promise<ScriptedServer> {
  let script = first;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume().on("end", () => script(request, response));
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
    play(next) {
      script = next;
    },
  };
}

export const requestId = "0f1e2d3c-aaaa-bbbb-cccc-0123456789ab";

/** An answer as AWS KMS writes them; a string is sent as it is. */
export function answer(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": requestId, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

export function serviceError(name: string, message = "the cloud's own words", status = 400): Script {
  return answer(status, { __type: name, message });
}
