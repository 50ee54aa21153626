import { describe, expect, test } from "vitest";
import { envelope } from "../src/envelope.ts";
import { bytes, keyA, keyRsa, textOf, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };

/** A writer that knows the public key's pin and may not unwrap. */
async function pinnedWriter() {
  const { keyVersion, spkiSha256 } = await new World().kms.open(keyRsa).publicKey();
  const world = new World({ cmk: () => ({ ...keyRsa, pin: { keyVersion, spkiSha256 } }) });
  world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
  return world;
}

describe("an RSA CMK", () => {
  test("wraps data keys that both profiles open", async () => {
    const world = new World({ cmk: () => keyRsa });
    for (const profile of ["compact", "portable"] as const) {
      const sealed = await world.settle(world.box.seal(bytes("a"), { ...acme, profile }));
      expect(textOf(await world.settle(world.another().open(sealed, acme)))).toBe("a");
    }
    expect(world.store.records[0]?.recipients[0]).toMatchObject({ kind: "rsa", keyVersion: "1" });
  });

  test("is refused without a record key, for sealing before anything is stored", async () => {
    const world = new World();
    const { kms, store } = world;
    const box = envelope({ kms, cmk: () => keyRsa, dataKeys: store, service: "test" });
    expect(await world.code(box.seal(bytes("a"), acme))).toBe("unsupported");
    expect(await world.code(box.seal(bytes("a"), { ...acme, profile: "portable" }))).toBe("unsupported");
    expect(await world.code(box.sealer(acme))).toBe("unsupported");
    const mixed = envelope({ kms, cmk: () => [keyA, keyRsa], dataKeys: store, service: "test" });
    expect(await world.code(mixed.seal(bytes("a"), acme))).toBe("unsupported");
    expect(store.adds).toBe(0);
  });

  test("seals without any permission to unwrap where its public key is pinned", async () => {
    const world = await pinnedWriter();
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
    expect(world.scripted.count("unwrap")).toBe(0);
  });

  test("with a pin is confirmed by a describe once a TTL", async () => {
    const world = await pinnedWriter();
    await world.settle(world.box.seal(bytes("a"), acme));
    const before = world.scripted.count("describe");
    for (let i = 0; i < 100; i += 1) await world.box.seal(bytes("a"), acme);
    expect(world.scripted.count("describe")).toBe(before);
    await world.clock.advance(ttlMs);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
    expect(world.scripted.count("describe")).toBe(before + 1);
    expect(world.store.adds).toBe(1);
  });

  test.each(["access-denied", "key-disabled", "key-pending-deletion", "key-destroyed"] as const)(
    "with a pin stops sealing at the next confirmation when the describe is refused with %s",
    async (code) => {
      const world = await pinnedWriter();
      await world.settle(world.box.seal(bytes("a"), acme));
      using sealer = await world.box.sealer(acme);
      world.scripted.refuse(code);
      await world.clock.advance(0.9 * ttlMs);
      sealer.seal(bytes("a")); // asks
      await world.clock.advance(0);
      expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
      expect(await world.code(world.box.seal(bytes("a"), acme))).toBe(code);
    },
  );

  test("with a pin goes on to the end of the TTL while its KMS is unavailable, and no longer", async () => {
    const world = await pinnedWriter();
    await world.settle(world.box.seal(bytes("a"), acme));
    world.scripted.refuse("unavailable");
    await world.clock.advance(ttlMs - 1);
    expect(await world.code(world.another().seal(bytes("a"), acme))).toBe("unavailable");
    await world.clock.advance(1);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("unavailable");
  });

  test("with the pin of another key is refused before anything is stored", async () => {
    const pin = { keyVersion: "1", spkiSha256: new Uint8Array(32) };
    const world = new World({ cmk: () => ({ ...keyRsa, pin }) });
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("bad-answer");
    expect(world.store.adds).toBe(0);
  });

  test.each(["rsa", "symmetric"])("of kind %s seals nothing under confirm: unwrap that could not be opened", async (kind) => {
    const { keyVersion, spkiSha256 } = await new World().kms.open(keyRsa).publicKey();
    const cmk = kind === "rsa" ? { ...keyRsa, pin: { keyVersion, spkiSha256 } } : keyA;
    const world = new World({ cmk: () => cmk, confirm: "unwrap" });
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
    for (let i = 0; i < 2; i += 1) {
      expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("access-denied");
      await world.clock.advance(ttlMs);
    }
    expect(world.store.adds).toBe(0);
    world.scripted.script = () => undefined;
    const before = world.scripted.count("unwrap");
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
    expect(world.scripted.count("unwrap")).toBe(before + 1);
  });

  test("for escrow is not opened under confirm: unwrap", async () => {
    const world = new World({ cmk: () => [keyA, { ...keyRsa, escrow: "court" }], confirm: "unwrap" });
    await world.kms.open(keyRsa).wrapKey(new Uint8Array(32), { tenant: "acme" }); // its public key is proven
    world.scripted.calls.length = 0;
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
    const opened = world.scripted.calls.filter(({ operation }) => operation === "unwrap");
    expect(opened.map(({ resource }) => resource)).toEqual([keyA.resource]);
  });

  test("without a pin is confirmed by unwrapping the data key's own wrap", async () => {
    const world = new World({ cmk: () => keyRsa });
    await world.settle(world.box.seal(bytes("a"), acme));
    const before = world.scripted.count("unwrap");
    await world.clock.advance(ttlMs);
    await world.settle(world.box.seal(bytes("a"), acme));
    expect(world.scripted.count("unwrap")).toBe(before + 1);
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
    await world.clock.advance(ttlMs);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("access-denied");
  });
});
