import { generateKeyPairSync, randomBytes } from "node:crypto";
import { conformanceCases, type ConformanceKey } from "@cmkit/core/testing";
import { describe, expect, test } from "vitest";
import { mutants, ofCoreAlone } from "./conformance-mutants.ts";
import { ScriptedKms } from "./conformance-scripted-kms.ts";

const aes = () => ({ aes256: new Uint8Array(randomBytes(32)) });
// Making RSA keys takes long; each service takes the next ones of a few.
const pool = Array.from({ length: 6 }, () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
const rsa = () => {
  const [rsaPrivateKey] = pool.splice(0, 1);
  if (rsaPrivateKey === undefined) throw new TypeError("expected a pool of keys");
  pool.push(rsaPrivateKey);
  return { rsaPrivateKey };
};

const common = { versions: "recorded" } as const;
const keys: readonly ConformanceKey[] = [
  { ...common, kind: "symmetric", bits: 256, resource: "scripted:aes", other: "scripted:aes-2", alias: "scripted:alias/aes" },
  { ...common, kind: "rsa", bits: 2048, resource: "scripted:rsa", other: "scripted:rsa-2", alias: "scripted:alias/rsa" },
];
const materials = { aes, "aes-2": aes, rsa, "rsa-2": rsa };
const good = new ScriptedKms(keys, materials);
const cases = conformanceCases(good.harness(keys));

describe("a KMS that does everything right", () => {
  for (const { name, key, skipped, run } of cases) {
    test(`${key.kind} ${key.bits}: ${name}`, async () => {
      expect(skipped).toBeUndefined();
      await run();
    });
  }
});

describe("the suite catches an adapter that", () => {
  for (const { defect, kind, fails, says, change } of mutants) {
    test(`${defect}: "${fails}"`, async () => {
      const broken = new ScriptedKms(keys, materials);
      const found = conformanceCases(broken.harness(keys, change)).find(({ name, key }) => name === fails && key.kind === kind);
      await expect(found?.run()).rejects.toThrow(says);
    });
  }

  test("breaks any of its rules", () => {
    const caught = new Set([...mutants.map(({ fails }) => fails), ...ofCoreAlone]);
    expect(cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });
});

describe("the list of cases", () => {
  test("has at least 25 for each key", () => {
    for (const key of keys) expect(cases.filter((found) => found.key === key).length).toBeGreaterThanOrEqual(25);
  });

  test("names each case once a key", () => {
    expect(new Set(cases.map(({ name, key }) => `${key.kind} ${name}`)).size).toBe(cases.length);
  });

  test("refuses to skip a case that there is not", () => {
    expect(() => conformanceCases({ ...good.harness(keys), skips: { "does the dishes": "no hands" } })).toThrow(TypeError);
  });

  test("gives the reason for what the harness cannot do", () => {
    const harness = good.harness(keys);
    const controls = { ...harness.controls, rotate: "keys here do not rotate" };
    const skipped = conformanceCases({ ...harness, controls }).filter((found) => found.skipped !== undefined);
    expect(skipped.map((found) => found.skipped)).toEqual(Array(4).fill("keys here do not rotate"));
  });

  test("skips the case of the alias where there is none", () => {
    const bare = keys.map(({ kind, bits, resource, other, versions }) => ({ kind, bits, resource, other, versions }));
    const skipped = conformanceCases(good.harness(bare)).filter((found) => found.skipped !== undefined);
    expect(skipped.map(({ name }) => name)).toEqual(
      Array.from(bare, () => "resolves an alias once, and names the key itself in its wraps"),
    );
  });
});
