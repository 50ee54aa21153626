import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { selfSigned } from "./certificate.ts";
import { tenantId } from "./samples.ts";

export type Script = (request: Received, response: ServerResponse) => void;

export interface Received {
  readonly message: IncomingMessage;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
  /** The name that the client wanted a certificate for. */
  readonly servername: unknown;
}

export interface ScriptedServer {
  readonly url: string;
  readonly ca: string;
  /** What the next requests meet. */
  play(script: Script): void;
  readonly requests: readonly Received[];
  /** The requests that carried a token. */
  authorised(): readonly Received[];
}

const certificate = selfSigned(["*.vault.azure.net", "*.managedhsm.azure.net", "*.vault.azure.cn", "*.vault.example.test"]);

/** An HTTPS server on 127.0.0.1 in the name of every vault, which answers as it is told until the test that started it ends. */
export async function scriptedServer(first: Script = () => {}): Promise<ScriptedServer> {
  let script = first;
  const requests: Received[] = [];
  const server = createServer(certificate, (message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      const received = receive(message, Buffer.concat(chunks).toString());
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
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: certificate.cert,
    requests,
    authorised: () => requests.filter(({ authorization }) => authorization !== undefined),
    play(next) {
      script = next;
    },
  };
}

function receive(message: IncomingMessage, body: string): Received {
  const { method = "", url = "", headers, socket } = message;
  const servername = "servername" in socket ? socket.servername : undefined;
  return { message, method, host: headers.host ?? "", path: url, authorization: headers.authorization, body, servername };
}

export const requestId = "0f1e2d3c-aaaa-bbbb-cccc-0123456789ab";
export const goodChallenge = `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`;
export const hsmChallenge = goodChallenge.replace("vault.azure.net", "managedhsm.azure.net");

/** An answer as Key Vault writes them; a string is sent as it is. */
export function answer(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", "x-ms-request-id": requestId, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

export function serviceError(status: number, code: string, innerCode?: string, message = "the cloud's own words"): Script {
  return answer(status, { error: { code, message, ...(innerCode !== undefined && { innererror: { code: innerCode } }) } });
}

export function challenge(header: string = goodChallenge): Script {
  return answer(
    401,
    { error: { code: "Unauthorized", message: "AKV10000: Request is missing a Bearer or PoP token." } },
    {
      "www-authenticate": header,
    },
  );
}

/** Challenges whoever has no token, and answers the others by the last part of the path. */
export function vault(answers: Readonly<Record<string, Script>>, header?: string): Script {
  return (request, response) => {
    if (request.authorization === undefined) return challenge(header)(request, response);
    const path = request.path.split("?")[0] ?? "";
    const operation = /(?:unwrapkey|encrypt|decrypt)$/.exec(path)?.[0] ?? (path.startsWith("/deletedkeys/") ? "deleted" : "get");
    return (answers[operation] ?? serviceError(404, "KeyNotFound"))(request, response);
  };
}
