import type { KeyDescription } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { lintKey } from "../../src/lint-key.ts";

const now = new Date("2030-01-01T00:00:00Z");
const daysAhead = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

/** A key of which there is nothing to say. */
const sound: KeyDescription = {
  provider: "gcp",
  resource: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
  kind: "symmetric",
  bits: 256,
  state: "enabled",
  keyVersion: "1",
  protection: "hsm",
  origin: "kms",
  rotationDays: 90,
  purgeProtection: true,
  multiRegion: false,
  emulated: false,
};
const rsa: Partial<KeyDescription> = { kind: "rsa", bits: 4096, rotationDays: null };
const { rotationDays: _, ...untold } = sound;

const told = (key: KeyDescription): string[] => lintKey(key, now).map(({ code, severity }) => `${severity} ${code}`);

describe("what is said of a key", () => {
  it("is nothing when there is nothing to say", () => {
    expect(lintKey(sound, now)).toEqual([]);
    const { purgeProtection: __, multiRegion: ___, ...unknown } = sound;
    expect(lintKey({ ...unknown, origin: "unknown", protection: "unknown" }, now)).toEqual([]);
  });

  it.each<[string, Partial<KeyDescription>, readonly string[]]>([
    ["disabled", { state: "disabled" }, ["warning not-enabled"]],
    ["pending import", { state: "pending-import" }, ["warning not-enabled"]],
    ["pending deletion", { state: "pending-deletion", deletionAt: daysAhead(3) }, ["warning pending-deletion"]],
    ["pending deletion, nobody says when", { state: "pending-deletion" }, ["warning pending-deletion"]],
    ["enabled until it is deleted", { deletionAt: daysAhead(3) }, ["warning pending-deletion"]],
    ["expired", { state: "expired", expiresAt: daysAhead(-1) }, ["warning not-enabled", "warning expired"]],
    ["to expire at once", { expiresAt: now }, ["warning expired"]],
    ["to expire in a moment", { expiresAt: daysAhead(0.001) }, ["warning expires-soon"]],
    ["to expire in 30 days", { expiresAt: daysAhead(30) }, ["warning expires-soon"]],
    ["to expire in more", { expiresAt: daysAhead(30.001) }, ["notice expires"]],
    ["not safe from purging", { purgeProtection: false }, ["warning purge-protection-off"]],
    ["imported", { origin: "imported", rotationDays: null }, ["warning imported-material", "notice rotation-manual"]],
    ["kept elsewhere", { origin: "external", rotationDays: null }, ["warning external-material"]],
    ["not rotating", { rotationDays: null }, ["notice rotation-off"]],
    ["RSA", rsa, ["notice rotation-manual"]],
    ["RSA of 3072 bits", { ...rsa, bits: 3072 }, ["notice rotation-manual"]],
    ["RSA of 2048 bits", { ...rsa, bits: 2048 }, ["notice rotation-manual", "notice rsa-2048"]],
    ["RSA, and rotating", { ...rsa, rotationDays: 30 }, ["notice rotation-on"]],
    ["copied to other regions", { multiRegion: true }, ["notice multi-region"]],
    [
      "everything at once",
      { ...rsa, bits: 2048, state: "disabled", purgeProtection: false, multiRegion: true },
      ["warning not-enabled", "warning purge-protection-off", "notice rotation-manual", "notice rsa-2048", "notice multi-region"],
    ],
  ])("that is %s", (_what, changes, lints) => {
    expect(told({ ...sound, ...changes })).toEqual(lints);
  });

  it("is that nobody knows whether it rotates, where the cloud does not tell", () => {
    expect(told(untold)).toEqual(["notice rotation-unknown"]);
    expect(told({ ...untold, kind: "rsa", bits: 4096 })).toEqual(["notice rotation-manual"]);
    expect(told({ ...untold, origin: "imported" })).toEqual(["warning imported-material", "notice rotation-manual"]);
  });

  it("names the day, and what to do", () => {
    const dated = { ...sound, expiresAt: daysAhead(5), deletionAt: daysAhead(9), multiRegion: true, purgeProtection: false };
    const messages = lintKey(dated, now).map(({ message }) => message);
    expect(messages).toHaveLength(4);
    expect(messages.join("\n")).toContain("expires on 2030-01-06");
    expect(messages.join("\n")).toContain("deleted on 2030-01-10");
    for (const message of messages) expect(message).toMatch(/^[A-Z].{20,}\.$/);
  });
});
