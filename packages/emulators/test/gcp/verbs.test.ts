import { describe, expect, test } from "vitest";

import { manualClock, ring, rsa, seedOf, startForTest, symmetric } from "./emulated-kms.ts";

const dayMs = 86_400_000;

describe("verbs", () => {
  test("disable and enable every version", async () => {
    const versions = [{}, {}, { state: "DESTROYED" as const }];
    const emulator = await startForTest({ seed: seedOf([symmetric("main", { versions, primary: 2 })]) });
    const name = emulator.keyNamed("main");
    const states = (): readonly string[] => emulator.keys[0]?.versions.map(({ state }) => state) ?? [];
    emulator.disableKey(name);
    expect(states()).toEqual(["DISABLED", "DISABLED", "DESTROYED"]);
    emulator.enableKey(name);
    expect(states()).toEqual(["ENABLED", "ENABLED", "DESTROYED"]);
    emulator.scheduleKeyDeletion(name, 7);
    expect(states()).toEqual(["DESTROY_SCHEDULED", "DESTROY_SCHEDULED", "DESTROYED"]);
    emulator.cancelKeyDeletion(name);
    expect(states()).toEqual(["DISABLED", "DISABLED", "DESTROYED"]);
  });

  test("schedule a deletion for the days given, or the key's own", async () => {
    const clock = manualClock();
    const keys = [symmetric("main"), symmetric("brief", { destroyScheduledDuration: "86400s" })];
    const emulator = await startForTest({ seed: seedOf(keys), clock });
    emulator.scheduleKeyDeletion(emulator.keyNamed("main"), 7);
    emulator.scheduleKeyDeletion(emulator.keyNamed("brief"));
    const states = (): readonly unknown[] => emulator.keys.map(({ versions }) => versions[0]?.state);
    clock.nowMs += dayMs;
    expect(states()).toEqual(["DESTROY_SCHEDULED", "DESTROYED"]);
    clock.nowMs += 6 * dayMs;
    expect(states()).toEqual(["DESTROYED", "DESTROYED"]);
  });

  test("rotate to a new version that new wraps use", async () => {
    const emulator = await startForTest({ seed: seedOf([symmetric("main"), rsa("rsa")]) });
    emulator.rotate(emulator.keyNamed("main"));
    emulator.rotate(emulator.keyNamed("rsa"));
    const [main, other] = emulator.keys;
    expect(main).toMatchObject({ primary: `${main?.name}/cryptoKeyVersions/2`, versions: [{}, { state: "ENABLED" }] });
    expect(other).toMatchObject({ primary: null, versions: [{ state: "ENABLED" }, { state: "ENABLED" }] });
  });

  test("want the full name of a key, without a version", async () => {
    const emulator = await startForTest({ seed: seedOf([symmetric("main")]) });
    for (const name of ["main", `${ring}/cryptoKeys/none`, `${emulator.keyNamed("main")}/cryptoKeyVersions/1`]) {
      expect(() => emulator.disableKey(name)).toThrow("expected the full name of a key");
    }
    expect(() => emulator.keyNamed("none")).toThrow("expected one key named none, got 0");
  });

  test("create a key where the seed's keys are, or where it says", async () => {
    const emulator = await startForTest({ seed: seedOf([]) });
    expect(await emulator.createKey(symmetric("made"))).toBe(`${ring}/cryptoKeys/made`);
    const elsewhere = await emulator.createKey(symmetric("made", { project: "other-project", location: "global", keyRing: "r" }));
    expect(elsewhere).toBe("projects/other-project/locations/global/keyRings/r/cryptoKeys/made");
    await expect(emulator.createKey(symmetric("made"))).rejects.toThrow("expected each key once");
    expect(() => emulator.keyNamed("made")).toThrow("got 2");
  });
});
