import assert from "node:assert/strict";
import type { WrappedKey } from "../cmk.ts";
import type { CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";

export const keyVersionCases: readonly CaseTemplate[] = [
  {
    name: "records which version of the key wrapped",
    async run(t) {
      const key = t.open();
      const { keyVersion } = await key.describe();
      expectVersions(t, (await t.wrap(key)).wrapped, (await key.generateDataKey(t.context)).wrapped, keyVersion);
    },
  },
  {
    name: "opens old wraps after a rotation and makes new ones under the new version",
    needs: ["rotate"],
    async run(t) {
      const known = t.open();
      const before = (await known.describe()).keyVersion;
      const old = await t.wrap(known);
      const oldGenerated = await known.generateDataKey(t.context);
      await t.control("rotate")(t.spec.resource);
      t.freshKms();
      const fresh = t.open();
      const after = (await fresh.describe()).keyVersion;
      assert.notEqual(after, before);
      const wrapped = await t.wrap(fresh);
      const generated = await fresh.generateDataKey(t.context);
      expectVersions(t, wrapped.wrapped, generated.wrapped, after);
      for (const key of [known, fresh]) {
        assert.deepEqual(await key.unwrapKey(old.wrapped, t.context), old.root);
        assert.deepEqual(await key.unwrapKey(oldGenerated.wrapped, t.context), oldGenerated.key);
        assert.deepEqual(await key.unwrapKey(wrapped.wrapped, t.context), wrapped.root);
      }
      // A symmetric key moves on by itself; an RSA key stays with the public key that this process pinned.
      const next = await known.generateDataKey(t.context);
      assert.deepEqual(await known.unwrapKey(next.wrapped, t.context), next.key);
      if (next.wrapped.keyVersion !== null) assert.equal(next.wrapped.keyVersion, t.spec.kind === "rsa" ? before : after);
    },
  },
  {
    name: "opens no wrap under the label of another version",
    needs: ["rotate"],
    async run(t) {
      const key = t.open();
      const old = await key.generateDataKey(t.context);
      await t.control("rotate")(t.spec.resource);
      t.freshKms();
      const fresh = t.open();
      const { keyVersion } = (await fresh.generateDataKey(t.context)).wrapped;
      assert.notEqual(keyVersion, old.wrapped.keyVersion);
      await t.refused(fresh.unwrapKey({ ...old.wrapped, keyVersion }, t.context), "decrypt-failed", "bad-answer");
      assert.deepEqual(await fresh.unwrapKey(old.wrapped, t.context), old.key);
    },
  },
];

function expectVersions(t: CaseRun, wrapped: WrappedKey, generated: WrappedKey, described: string | null): void {
  const { versions } = t.spec;
  assert.equal(wrapped.keyVersion, versions === "recorded" ? described : null);
  assert.equal(generated.keyVersion, versions === "none" ? null : described);
  if (versions !== "none") assert.equal(typeof described, "string");
}
