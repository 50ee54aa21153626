import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, test } from "vitest";
import { diagnosticsChannelName } from "../src/events.ts";
import { SecretSearch } from "../src/testing/secret-search.ts";
import { bytes, keyA, keyRsa, recordKey, ttlMs, World } from "./envelope-world.ts";

test("no error and no event shows plaintext, key bytes, record keys, paths or context values", async () => {
  const world = new World({ cmk: () => [keyA, keyRsa] });
  const secrets = new SecretSearch();
  const published: unknown[] = [];
  const listen = (event: unknown): void => void published.push(event);
  subscribe(diagnosticsChannelName, listen);
  world.scripted.answer = (plaintext) => {
    secrets.addBytes("a root or payload", plaintext);
    return plaintext;
  };
  const plaintext = bytes("Ada Lovelace, born 1815, ada@example.com");
  secrets.addBytes("the plaintext", plaintext);
  secrets.addText("the plaintext", "Ada Lovelace");
  secrets.addBytes("the record key", recordKey);
  secrets.addText("a path", "row-4711-of-ada");
  secrets.addText("a context value", "context-value-of-ada");
  const how = { tenant: "acme", path: ["row-4711-of-ada"], context: { subject: "context-value-of-ada" } };
  const shown: unknown[] = [];
  const keep = async (run: Promise<unknown>): Promise<void> => {
    await world.settle(run).then(
      () => {},
      (error: unknown) => void shown.push(error),
    );
  };
  for (const profile of ["compact", "portable"] as const) {
    const sealed = await world.settle(world.box.seal(plaintext, { ...how, profile }));
    const reader = world.another();
    await keep(reader.open(sealed, how));
    await keep(reader.open(sealed, { ...how, path: ["other"] }));
    await keep(world.another().open(sealed, { ...how, context: { subject: "x" } }));
    await keep(reader.open(sealed.with(20, 1), how));
    await keep(reader.open(plaintext, how));
    await keep(reader.open(sealed, { ...how, path: ["row-4711-of-ada\ud800"] }));
    await keep(reader.open(sealed, { ...how, context: { subject: "context-value-of-ada\u0000" } }));
    for (const code of ["key-disabled", "unavailable", "unknown", "bad-answer"] as const) {
      world.scripted.refuse(code);
      await keep(world.another().open(sealed, how));
      await keep(world.another().seal(plaintext, how));
    }
    world.scripted.obey();
    await world.clock.advance(10_000);
  }
  await world.clock.advance(ttlMs);
  world.box.purge();
  unsubscribe(diagnosticsChannelName, listen);
  expect(shown.length).toBeGreaterThan(25);
  expect(published.length).toBeGreaterThan(20);
  expect(
    [...shown, ...world.events, ...published].map((value) => secrets.find(value)).filter((found) => found !== undefined),
  ).toEqual([]);
});
