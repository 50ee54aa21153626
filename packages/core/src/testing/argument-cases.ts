import assert from "node:assert/strict";
import type { WrappedKey } from "../cmk.ts";
import type { Context } from "../context.ts";
import type { CaseTemplate } from "./case-template.ts";

const badContexts: readonly [what: string, context: unknown][] = [
  ["nothing", undefined],
  ["null", null],
  ["a text", "acme"],
  ["a list", ["acme"]],
  ["no tenant", { purpose: "x" }],
  ["an empty tenant", { tenant: "" }],
  ["a number", { tenant: 7 }],
  ["a nested map", { tenant: "acme", a: { b: "c" } }],
  ["nine entries", Object.fromEntries(["tenant", "a", "b", "c", "d", "e", "f", "g", "h"].map((key) => [key, "v"]))],
  ["a key in capitals", { tenant: "acme", Purpose: "x" }],
  ["a key of aws", { tenant: "acme", "aws-purpose": "x" }],
  ["a long key", { tenant: "acme", ["k".repeat(65)]: "x" }],
  ["a long value", { tenant: "v".repeat(257) }],
  ["a line end", { tenant: "acme\n" }],
  ["a NUL", { tenant: "ac\0me" }],
  ["half a surrogate pair", { tenant: "acme\ud800" }],
  ["more than 2,048 bytes", { tenant: "語".repeat(256), a: "語".repeat(256), b: "語".repeat(256) }],
];

/** What is wrong with the arguments alone is said before anything is sent. */
export const argumentCases: readonly CaseTemplate[] = [
  {
    name: "refuses a resource outside the grammar at once",
    async run(t) {
      const { resource } = t.spec;
      const common = [`${resource}\n`, `\n${resource}`, ` ${resource}`, `${resource} `, `${resource}\0`, `${resource}\u200b`];
      await t.silent(() => {
        for (const invalid of [...common, ...t.harness.invalid]) {
          t.refusedAtOnce(() => t.open(invalid), "invalid-resource");
          t.refusedAtOnce(() => t.adapter.open(invalid), "invalid-resource");
        }
        for (const invalid of ["", "x".repeat(513)]) t.refusedAtOnce(() => t.open(invalid), "invalid-resource");
      });
    },
  },
  {
    name: "opens a key under its canonical name",
    async run(t) {
      const driver = t.adapter.open(t.spec.resource);
      assert.deepEqual([driver.resource, driver.resolved], [t.spec.resource, true]);
      assert.deepEqual(t.open().cmk, t.cmk());
      assert.equal(t.adapter.open(t.harness.missing).resolved, true);
      const { keyResource } = t.open();
      assert.deepEqual([t.open(keyResource).cmk.resource, t.open(keyResource).keyResource], [keyResource, keyResource]);
    },
  },
  {
    name: "refuses to wrap anything but 32 bytes",
    async run(t) {
      const key = t.open();
      await t.silent(async () => {
        for (const length of [0, 16, 31, 33, 64])
          await assert.rejects(key.wrapKey(new Uint8Array(length), t.context), RangeError);
        await assert.rejects(key.wrapKey("k".repeat(32) as unknown as Uint8Array, t.context), RangeError);
      });
    },
  },
  {
    name: "refuses a context outside the limits",
    async run(t) {
      const key = t.open();
      const { wrapped } = await t.wrap(key);
      await t.silent(async () => {
        for (const [what, bad] of badContexts) {
          const context = bad as Context;
          await assert.rejects(key.wrapKey(new Uint8Array(32), context), TypeError, what);
          await assert.rejects(key.unwrapKey(wrapped, context), TypeError, what);
          await assert.rejects(key.generateDataKey(context), TypeError, what);
        }
      });
    },
  },
  {
    name: "refuses a malformed wrap without a request",
    async run(t) {
      const key = t.open();
      const { wrapped } = await t.wrap(key);
      const malformed: readonly WrappedKey[] = [
        { ...wrapped, bytes: new Uint8Array(0) },
        { ...wrapped, bytes: new Uint8Array(6145) },
        { ...wrapped, bytes: "AAAA" as unknown as Uint8Array },
        { ...wrapped, kind: "none" as "rsa" },
        { ...wrapped, cmk: { provider: "elsewhere", resource: t.spec.resource } },
        { ...wrapped, cmk: t.cmk(t.spec.other) },
        { ...wrapped, cmk: t.cmk("") },
      ];
      await t.silent(async () => {
        for (const wrong of malformed) await t.refused(key.unwrapKey(wrong, t.context), "malformed");
      });
    },
  },
  {
    name: "refuses a key version outside the grammar without a request",
    async run(t) {
      const key = t.open();
      const { wrapped } = await t.wrap(key);
      const known = wrapped.keyVersion ?? (await key.describe()).keyVersion ?? "1";
      const versions = [
        "",
        " ",
        "..",
        "../1",
        `${known}\n`,
        `\n${known}`,
        `${known}/..`,
        `${known}?x`,
        ` ${known}`,
        "v".repeat(600),
      ];
      await t.silent(async () => {
        // Twice, because a grammar with the flag `g` remembers where it was.
        for (const keyVersion of [...versions, ...versions]) {
          await t.refused(key.unwrapKey({ ...wrapped, keyVersion }, t.context), "malformed");
        }
      });
      if (wrapped.keyVersion !== null) assert.ok(t.adapter.keyVersionGrammar.test(wrapped.keyVersion));
    },
  },
  {
    name: "refuses a deadline that is none",
    async run(t) {
      const key = t.open();
      await t.silent(async () => {
        for (const timeoutMs of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
          await assert.rejects(key.describe({ timeoutMs }), RangeError);
          await assert.rejects(key.generateDataKey(t.context, { timeoutMs }), RangeError);
        }
      });
    },
  },
];
