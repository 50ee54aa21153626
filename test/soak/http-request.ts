import { Agent, request } from "node:http";

/** Whether a request was answered, and how. `none`: the connection was refused or broke, or nobody answered within a minute. */
export interface Answer {
  readonly status: number | "none";
  readonly body: unknown;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | undefined;
}

const answerMs = 60_000;
/** As a back office has them: kept alive, and no more than these. Who waits for one waits for an answer. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends a request once. `fetch` costs the client as much time as the server needs to answer. */
export async function sendOnce({ method, url, headers, body }: HttpRequest): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const content = text === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  return new Promise((resolve) => {
    const none = (reason: unknown): void => resolve({ status: "none", body: reason });
    const sent = request(url, { method, agent, headers: { ...headers, ...content } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", none);
      response.on("end", () => {
        if (!response.complete) return none("cut off");
        resolve({ status: response.statusCode ?? "none", body: JSON.parse(Buffer.concat(chunks).toString()) as unknown });
      });
    });
    sent.on("error", none);
    sent.setTimeout(answerMs, () => {
      none("timeout");
      sent.destroy();
    });
    sent.end(text);
  });
}
