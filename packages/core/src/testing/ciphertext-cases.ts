import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { WrappedKey } from "../cmk.ts";
import type { Context } from "../context.ts";
import { eachOf, patient, type CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";

const width = 8;

/** Every way in which a ciphertext can be wrong is `decrypt-failed`, and nothing more is said. */
export const ciphertextCases: readonly CaseTemplate[] = [
  {
    name: "refuses another context",
    async run(t) {
      const { purpose = "" } = t.context;
      await onlyUnder(t, t.context, [
        { ...t.context, tenant: "acme2" },
        { ...t.context, purpose: `${purpose}0` },
        { ...t.context, purpose: purpose.toUpperCase() },
        { tenant: t.context.tenant, purposes: purpose },
      ]);
      await onlyUnder(t, { tenant: "a", purpose: "b" }, [{ tenant: "b", purpose: "a" }, { tenant: "ab" }]);
    },
  },
  {
    name: "refuses a context with an entry more or less",
    async run(t) {
      const { tenant } = t.context;
      await onlyUnder(t, t.context, [{ tenant }, { ...t.context, extra: "entry" }]);
      await onlyUnder(t, { tenant }, [t.context]);
    },
  },
  {
    name: "refuses a context that only looks the same",
    async run(t) {
      await onlyUnder(t, { tenant: "\u00e9t\u00e9" }, [
        { tenant: "e\u0301te\u0301" },
        { tenant: "\u00e9t\u00e9 " },
        { tenant: "\u00e9t\u00e9\ufeff" },
      ]);
    },
  },
  {
    name: "refuses a wrap of another key under this key's name",
    async run(t) {
      const key = t.open();
      const { keyVersion } = (await t.wrap(key)).wrapped;
      const { wrapped } = await t.wrap(t.open(t.spec.other));
      await t.refused(key.unwrapKey({ ...wrapped, cmk: t.cmk(), keyVersion }, t.context), "decrypt-failed");
      const generated = await t.open(t.spec.other).generateDataKey(t.context);
      await t.refused(key.unwrapKey({ ...generated.wrapped, cmk: t.cmk(), keyVersion }, t.context), "decrypt-failed");
    },
  },
  {
    name: "refuses a wrap with one bit changed, whichever byte it is in",
    async run(t) {
      const key = t.open();
      const { wrapped } = await t.wrap(key);
      await eachOf([...wrapped.bytes.keys()], width, async (position) => {
        const bytes = wrapped.bytes.map((byte, at) => (at === position ? byte ^ (1 << (position % 8)) : byte));
        await decryptFails(t, { ...wrapped, bytes }, `byte ${position}`);
      });
    },
  },
  {
    name: "refuses a wrap cut off anywhere",
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      const lengths = [...wrapped.bytes.keys()].slice(1);
      await eachOf(lengths, width, async (length) => {
        await decryptFails(t, { ...wrapped, bytes: wrapped.bytes.slice(0, length) }, `${length} bytes`);
        await decryptFails(t, { ...wrapped, bytes: wrapped.bytes.slice(length) }, `all but ${length} bytes`);
      });
    },
  },
  {
    name: "refuses a wrap with something before or behind it",
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      for (const extra of [1, 16, 6144 - wrapped.bytes.length]) {
        const added = new Uint8Array(extra);
        await decryptFails(t, { ...wrapped, bytes: joined(wrapped.bytes, added) }, `${extra} bytes behind`);
        await decryptFails(t, { ...wrapped, bytes: joined(added, wrapped.bytes) }, `${extra} bytes before`);
      }
      await decryptFails(t, { ...wrapped, bytes: joined(wrapped.bytes, wrapped.bytes) }, "twice");
    },
  },
  {
    // Decryption that reads a number takes it with or without leading zeros: RFC 8017 §7.1.2 step 1b.
    name: "refuses a wrap without its leading zero",
    kind: "rsa",
    async run(t) {
      const key = t.open();
      let { root, wrapped } = await t.wrap(key);
      while (wrapped.bytes[0] !== 0) wrapped = await key.wrapKey(root, t.context, { confirmedWithinMs: 60_000 });
      await decryptFails(t, { ...wrapped, bytes: wrapped.bytes.slice(1) }, "without its leading zero");
    },
  },
  {
    name: "refuses bytes that no key wrapped",
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      for (const length of [1, 31, 32, 64, 256, 512, 6144]) {
        await decryptFails(t, { ...wrapped, bytes: new Uint8Array(randomBytes(length)) }, `${length} random bytes`);
        await decryptFails(t, { ...wrapped, bytes: new Uint8Array(length) }, `${length} zeros`);
      }
    },
  },
];

async function onlyUnder(t: CaseRun, context: Context, others: readonly Context[]): Promise<void> {
  const key = t.open();
  const { root, wrapped } = await t.wrap(key, context);
  const generated = await key.generateDataKey(context);
  for (const other of others) {
    await t.refused(key.unwrapKey(wrapped, other), "decrypt-failed");
    await t.refused(key.unwrapKey(generated.wrapped, other), "decrypt-failed");
  }
  assert.deepEqual(await key.unwrapKey(wrapped, context), root);
}

async function decryptFails(t: CaseRun, wrapped: WrappedKey, what: string): Promise<void> {
  try {
    await t.refused(t.open().unwrapKey(wrapped, t.context, patient), "decrypt-failed");
  } catch (error) {
    throw error instanceof assert.AssertionError ? new assert.AssertionError({ message: `${what}: ${error.message}` }) : error;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
