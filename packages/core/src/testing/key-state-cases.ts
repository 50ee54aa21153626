import assert from "node:assert/strict";
import { isIdentifier, type KeyDescription } from "../cmk.ts";
import type { KmsErrorCode } from "../kms-error.ts";
import type { KmsKey } from "../kms-key.ts";
import type { CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";

/** A customer acts differently on each state, so each has its own code; and taking a key away works at the next request. */
export const keyStateCases: readonly CaseTemplate[] = [
  {
    name: "describes the key",
    async run(t) {
      const { kind, bits, resource, versions } = t.spec;
      const described = await t.open().describe();
      const { provider } = t.adapter;
      const { emulated } = t.harness;
      const { keyVersion } = described;
      assert.deepEqual({ ...described }, { ...described, provider, resource, kind, bits, state: "enabled", emulated });
      assert.ok(keyVersion === null ? versions === "none" : t.adapter.keyVersionGrammar.test(keyVersion));
      assert.ok(["software", "hsm", "external", "unknown"].includes(described.protection));
      assert.ok(["kms", "imported", "external", "unknown"].includes(described.origin));
      assert.ok(!("requestId" in described));
      const { quota } = described;
      if (quota !== undefined) assert.ok(isIdentifier(quota.name, 256) && quota.perSecond >= 1, "the quota is none to keep to");
    },
  },
  {
    name: "says that a key does not exist",
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      await everyUseFails(t, t.harness.missing, { ...wrapped, cmk: t.cmk(t.harness.missing) }, "key-not-found", true);
    },
  },
  {
    name: "stops using a disabled key, and starts again",
    needs: ["setState"],
    async run(t) {
      await stopsAndStarts(t, "disabled", "key-disabled");
    },
  },
  {
    name: "stops using a key that is pending deletion, and starts again",
    needs: ["setState"],
    async run(t) {
      await stopsAndStarts(t, "pending-deletion", "key-pending-deletion");
    },
  },
  {
    name: "stops using a key that we are denied, and starts again",
    needs: ["setAccess"],
    async run(t) {
      const known = t.open();
      const { root, wrapped } = await t.wrap(known);
      await t.control("setAccess")(t.spec.resource, "denied");
      const { denied = "access-denied" } = t.harness;
      await everyUseFails(t, t.spec.resource, wrapped, denied, true, known);
      t.freshKms();
      await everyUseFails(t, t.spec.resource, wrapped, denied, true);
      await t.control("setAccess")(t.spec.resource, "allowed");
      await worksAgain(t, known, wrapped, root);
    },
  },
  {
    name: "resolves an alias once, and names the key itself in its wraps",
    needsAlias: true,
    async run(t) {
      const { alias = "" } = t.spec;
      const key = t.open(alias);
      const { root, wrapped } = await t.wrap(key);
      assert.deepEqual(wrapped.cmk, t.cmk());
      assert.equal((await key.describe()).resource, t.spec.resource);
      t.freshKms();
      assert.deepEqual(await t.open().unwrapKey(wrapped, t.context), root);
      assert.deepEqual(await t.open(alias).unwrapKey(wrapped, t.context), root);
      const generated = await t.open(alias).generateDataKey(t.context);
      assert.deepEqual(generated.wrapped.cmk, t.cmk());
    },
  },
];

async function stopsAndStarts(t: CaseRun, state: "disabled" | "pending-deletion", code: KmsErrorCode): Promise<void> {
  const known = t.open();
  const { root, wrapped } = await t.wrap(known);
  const setState = t.control("setState");
  await setState(t.spec.resource, state);
  // Some clouds refuse to describe a disabled key, and say why.
  const described = await known.describe().catch((error: unknown) => error);
  if (described instanceof Error) await t.refused(Promise.reject(described), code);
  else assert.equal((described as KeyDescription).state, state);
  await everyUseFails(t, t.spec.resource, wrapped, code, false, known);
  t.freshKms();
  await everyUseFails(t, t.spec.resource, wrapped, code, false);
  await setState(t.spec.resource, "enabled");
  await worksAgain(t, known, wrapped, root);
}

async function everyUseFails(
  t: CaseRun,
  resource: string,
  wrapped: Parameters<KmsKey["unwrapKey"]>[0],
  code: KmsErrorCode,
  describeToo: boolean,
  key: KmsKey = t.open(resource),
): Promise<void> {
  await t.refused(key.unwrapKey(wrapped, t.context), code);
  await t.refused(key.wrapKey(t.root(), t.context), code);
  await t.refused(key.generateDataKey(t.context), code);
  if (describeToo) await t.refused(key.describe(), code);
}

async function worksAgain(t: CaseRun, key: KmsKey, wrapped: Parameters<KmsKey["unwrapKey"]>[0], root: Uint8Array): Promise<void> {
  assert.deepEqual(await key.unwrapKey(wrapped, t.context), root);
  assert.equal((await key.describe()).state, "enabled");
  const again = await t.wrap(key);
  assert.deepEqual(await key.unwrapKey(again.wrapped, t.context), again.root);
  assert.equal((await key.generateDataKey(t.context)).key.length, 32);
}
