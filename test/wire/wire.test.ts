import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Placeholders } from "./placeholders.ts";
import { placeholdersFor, play } from "./play.ts";
import { startRegistry, type RegistryServer } from "./registry-server.ts";
import { readTranscript } from "./transcript.ts";

describe("over the wire, byte for byte", () => {
  let server: RegistryServer;
  let placeholders: Placeholders;

  beforeAll(async () => {
    server = await startRegistry();
    placeholders = await placeholdersFor(server);
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  // One after another: each finds the CMKs that those before it have left.
  test.each(readTranscript().map((exchange) => [exchange.title, exchange] as const))("%s", async (_title, exchange) => {
    expect(await play(exchange, server, placeholders)).toEqual(exchange);
  });
});
