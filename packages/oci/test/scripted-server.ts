import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly request: IncomingMessage;
}

export type Script = (received: Received, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  /** What the next requests meet. */
  play(script: Script): void;
  readonly requests: readonly Received[];
}

/** An HTTP server on 127.0.0.1 that answers as it is told, until the test that started it ends. */
export async function scriptedServer(first: Script = () => {}): Promise<ScriptedServer> {
  let script = first;
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const received = { method, url, headers, body: Buffer.concat(chunks).toString(), request };
      requests.push(received);
      script(received, response);
    });
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

export const requestId = "DEADBEEF0123456789ABCDEF01234567/0123456789ABCDEF/FEDCBA9876543210";

/** An answer as OCI Vault writes them; a string is sent as it is. */
export function answer(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Script {
  return (_received, response) => {
    response.writeHead(status, { "content-type": "application/json", "opc-request-id": requestId, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

export function serviceError(status: number, code: string, message = "the cloud's own words"): Script {
  return answer(status, { code, message });
}

/** Answers by the path's last word, such as `encrypt`; keys and versions as `key` and `keyVersion`. */
export function byOperation(scripts: Readonly<Record<string, Script>>): Script {
  return (received, response) => {
    const parts = received.url.split("/");
    const name = parts[2] === "keys" ? (parts[4] === "keyVersions" ? "keyVersion" : "key") : (parts[2] ?? "");
    (scripts[name] ?? serviceError(404, "NotFound"))(received, response);
  };
}
