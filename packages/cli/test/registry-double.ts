import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

import { readBounded } from "../src/bounded-read.ts";
import { cmkit, type Given, type Outcome } from "./command.ts";

/** What the double is asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** What it answers: JSON, unless it is text. */
export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server that says what a test tells it to, and the command that asks it. */
export interface RegistryDouble {
  readonly url: string;
  readonly asked: readonly Asked[];
  cmkit(argv: readonly string[], given?: Given): Promise<Outcome>;
}

export const token = "cmkit_0123456789abcdef_PRIVATE";

export async function registryDouble(answer: (asked: Asked) => Answer): Promise<RegistryDouble> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void readBounded(request, 1024 * 1024).then((bytes) => {
      const { method = "", url: path = "", headers } = request;
      const { authorization, "content-type": contentType } = headers;
      const one = { method, path, authorization, contentType, body: Buffer.from(bytes ?? []).toString() };
      asked.push(one);
      const { status = 200, json, text, headers: further = {} } = answer(one);
      const type = text === undefined ? { "content-type": "application/json" } : {};
      response.writeHead(status, { ...type, ...further }).end(text ?? JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { CMKIT_TOKEN: token };
  return { url, asked, cmkit: async (argv, given = {}) => cmkit([...argv, "--url", url], { env, ...given }) };
}

/** A double that gives the same answer to everything. */
export async function answering(answer: Answer): Promise<RegistryDouble> {
  return registryDouble(() => answer);
}

export const id = "5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f";
const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/** A key as it is on the wire. */
export const cmk = {
  id,
  provider: "aws",
  resource: arn,
  default_cmk: true,
  status: "current",
  created_at: "2026-05-05T10:55:52.719Z",
  updated_at: "2026-05-06T10:55:52.719Z",
} as const;

/** The options that name it. */
export const named: readonly string[] = ["--project", "acme", "--cmk-id", id];
export const inAcme: readonly string[] = ["--project", "acme"];

/** A refusal as it is on the wire. */
export function refusal(status: number, code: string, message: string): Answer {
  return { status, json: { message, errors: [{ message, status, error_code: code }] } };
}
