import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Context } from "../context.ts";
import { assertPlainBytes, eachOf, patient } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";

const parallel = 50;

/** As large as contexts get: 8 entries, and values in a script of three bytes a character up to 2,048 bytes in all. */
const largestContext: Context = {
  tenant: "t".repeat(256),
  ["k".repeat(64)]: "ж".repeat(256),
  a: "語".repeat(256),
  b: "v",
  c: "\u{1f511}\ufeff",
  d: " ",
  e: '"\\/={}',
  f: "v".repeat(123),
};

export const roundTripCases: readonly CaseTemplate[] = [
  {
    name: "unwraps what it wrapped",
    async run(t) {
      const key = t.open();
      const { root, wrapped } = await t.wrap(key);
      assert.deepEqual(await key.unwrapKey(wrapped, t.context), root);
      assert.deepEqual(wrapped.cmk, t.cmk());
      assert.equal(wrapped.kind, t.spec.kind);
      assert.ok(wrapped.bytes.length >= 32 && wrapped.bytes.length <= 6144);
    },
  },
  {
    name: "generates a data key and unwraps it again",
    async run(t) {
      const key = t.open();
      const first = await key.generateDataKey(t.context);
      const second = await key.generateDataKey(t.context);
      assert.equal(first.key.length, 32);
      assert.notDeepEqual(first.key, second.key);
      assert.notDeepEqual(first.wrapped.bytes, second.wrapped.bytes);
      assert.deepEqual(await key.unwrapKey(first.wrapped, t.context), first.key);
      assert.deepEqual(await key.unwrapKey(second.wrapped, t.context), second.key);
      assert.deepEqual(first.wrapped.cmk, t.cmk());
    },
  },
  {
    name: "unwraps in another process, and without the recorded kind",
    async run(t) {
      const { root, wrapped } = await t.wrap(t.open());
      t.freshKms();
      assert.deepEqual(await t.open().unwrapKey(wrapped, t.context), root);
      const { kind: _, ...rest } = wrapped;
      t.freshKms();
      assert.deepEqual(await t.open().unwrapKey(rest, t.context), root);
    },
  },
  {
    name: "unwraps in exactly one request",
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      t.freshKms();
      const before = await t.harness.requests?.();
      assert.deepEqual(await t.operationsOf(async () => t.open().unwrapKey(wrapped, t.context)), ["unwrap"]);
      if (before !== undefined) assert.equal(await t.harness.requests?.(), before + 1);
    },
  },
  {
    name: "makes another wrap of the same key each time",
    async run(t) {
      const key = t.open();
      const root = t.root();
      const first = await key.wrapKey(root, t.context);
      const second = await key.wrapKey(root, t.context);
      assert.notDeepEqual(first.bytes, second.bytes);
    },
  },
  {
    name: "leaves the key that it wraps and the wrap that it unwraps unchanged",
    async run(t) {
      const key = t.open();
      const root = t.root();
      const before = root.slice();
      const wrapped = await key.wrapKey(root, t.context);
      assert.deepEqual(root, before);
      const bytes = wrapped.bytes.slice();
      await key.unwrapKey(wrapped, t.context);
      assert.deepEqual(wrapped.bytes, bytes);
    },
  },
  {
    name: "hands out plain bytes of the caller's own",
    async run(t) {
      const key = t.open();
      const { root, wrapped } = await t.wrap(key);
      const generated = await key.generateDataKey(t.context);
      const unwrapped = await key.unwrapKey(wrapped, t.context);
      assertPlainBytes(wrapped.bytes, "wrapped.bytes");
      assertPlainBytes(generated.key, "a generated key");
      assertPlainBytes(generated.wrapped.bytes, "a generated key's wrap");
      assertPlainBytes(unwrapped, "an unwrapped key");
      unwrapped.fill(0);
      assert.deepEqual(await key.unwrapKey(wrapped, t.context), root);
    },
  },
  {
    name: "takes the largest context, in any order of its entries",
    async run(t) {
      const key = t.open();
      const { root, wrapped } = await t.wrap(key, largestContext);
      const reversed = Object.fromEntries(Object.entries(largestContext).toReversed()) as unknown as Context;
      assert.deepEqual(await key.unwrapKey(wrapped, reversed), root);
      const generated = await key.generateDataKey(largestContext);
      assert.deepEqual(await key.unwrapKey(generated.wrapped, reversed), generated.key);
    },
  },
  {
    name: "serves fifty callers at once, each its own",
    async run(t) {
      const key = t.open();
      const callers = Array.from({ length: parallel }, (_, index): Context => ({ tenant: `tenant-${index}` }));
      await eachOf(callers, parallel, async (context) => {
        const { root, wrapped } = await t.wrap(key, context);
        assert.deepEqual(await key.unwrapKey(wrapped, context, patient), root);
        const generated = await key.generateDataKey(context, patient);
        assert.deepEqual(await key.unwrapKey(generated.wrapped, context, patient), generated.key);
      });
    },
  },
  {
    name: "closes twice without complaint",
    async run(t) {
      await t.wrap(t.open());
      const kms = t.freshKms();
      await kms.close();
      await kms.close();
    },
  },
];

export const publicKeyCases: readonly CaseTemplate[] = [
  {
    name: "gives the same public key each time, of the described size",
    kind: "rsa",
    async run(t) {
      const key = t.open();
      const first = await key.publicKey();
      const copy = structuredClone(first);
      first.spki.fill(0);
      first.spkiSha256.fill(0);
      assert.deepEqual(await key.publicKey(), copy);
      t.freshKms();
      assert.deepEqual(await t.open().publicKey(), copy);
      assert.equal(copy.bits, t.spec.bits);
      assert.deepEqual(copy.spkiSha256, new Uint8Array(createHash("sha256").update(copy.spki).digest()));
      assertPlainBytes(first.spki, "spki");
    },
  },
  {
    name: "wraps under a pinned public key without unwrapping first",
    kind: "rsa",
    async run(t) {
      const pin = await t.open().publicKey();
      t.freshKms();
      const key = t.open(t.spec.resource, pin);
      const root = t.root();
      const operations = await t.operationsOf(async () => key.wrapKey(root, t.context));
      assert.ok(!operations.includes("unwrap"), `expected no unwrap, got ${operations.join(", ")}`);
      const wrapped = await key.wrapKey(root, t.context, { confirmedWithinMs: 60_000 });
      assert.deepEqual(await key.unwrapKey(wrapped, t.context), root);
    },
  },
  {
    name: "refuses a public key that is not the pinned one",
    kind: "rsa",
    async run(t) {
      const { keyVersion } = await t.open().publicKey();
      const { spkiSha256 } = await t.open(t.spec.other).publicKey();
      t.freshKms();
      const key = t.open(t.spec.resource, { keyVersion, spkiSha256 });
      await t.refused(key.publicKey(), "bad-answer");
      await t.refused(key.wrapKey(t.root(), t.context), "bad-answer");
      await t.refused(key.generateDataKey(t.context), "bad-answer");
    },
  },
  {
    name: "has no public key",
    kind: "symmetric",
    async run(t) {
      const key = t.open();
      await t.refused(key.publicKey(), "wrong-key-type");
    },
  },
];
