import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Cmk, Context, Kms, KmsKey, WrappedKey } from "@cmkit/core";
import type { PeerCase } from "./peer.ts";
import { PythonError, type PythonSdk } from "./python-sdk.ts";
import type { SdkAlgorithm, SdkPeer, SdkStage } from "./sdk-peer.ts";

/** What one case works with. */
export interface SdkScene {
  readonly peer: SdkPeer;
  readonly stage: SdkStage;
  readonly sdk: PythonSdk;
  readonly kms: Kms;
  cmk(resource: string): Cmk;
  readonly algorithm: SdkAlgorithm;
  /** Enabled and allowed at the start of each case. */
  sharedKey(): Promise<string>;
}

const context: Context = { tenant: "acme", region: "eu", "purpose.of": "Zürich \u{1f511}" };
const otherContext: Context = { ...context, tenant: "acme2" };

const templates: Readonly<Record<string, (scene: SdkScene) => Promise<void>>> = {
  "is told the key's state and algorithm": async (scene) => {
    const { key } = await enabledKey(scene);
    assert.deepEqual(await scene.sdk.call("describe_key", { key }), {
      state: scene.peer.states.enabled,
      algorithm: scene.algorithm.name,
    });
  },
  "opens what our adapter wrapped": async (scene) => {
    const { key, ours } = await enabledKey(scene);
    const root = new Uint8Array(randomBytes(32));
    assert.deepEqual(await unwrap(scene, key, await ours.wrapKey(root, context)), root);
    const generated = await ours.generateDataKey(context);
    assert.deepEqual(await unwrap(scene, key, generated.wrapped), generated.key);
  },
  "wraps what our adapter opens": async (scene) => {
    const { key, ours } = await enabledKey(scene);
    const root = new Uint8Array(randomBytes(32));
    const wrapped = await wrap(scene, key, root);
    assert.deepEqual(await ours.unwrapKey(wrapped, context), root);
    await assert.rejects(ours.unwrapKey(wrapped, otherContext), { code: "decrypt-failed" });
  },
  "opens nothing under another context, and nothing that was changed": async (scene) => {
    const { key, ours } = await enabledKey(scene);
    const { wrapped } = await ours.generateDataKey(context);
    const { kind } = scene.algorithm;
    const { undecryptable } = scene.peer.errors;
    await refused(unwrap(scene, key, wrapped, otherContext), kind === "rsa" ? "ValueError" : undecryptable);
    const bytes = wrapped.bytes.map((byte, at) => (at === wrapped.bytes.length - 1 ? byte ^ 1 : byte));
    await refused(unwrap(scene, key, { ...wrapped, bytes }), undecryptable);
  },
  "stops at a key that it disabled, as our adapter does, and starts again": async (scene) => {
    const { key, ours } = await enabledKey(scene);
    const { key: root, wrapped } = await ours.generateDataKey(context);
    await scene.sdk.call("disable_key", { key });
    await refused(unwrap(scene, key, wrapped), scene.peer.errors.disabled);
    await assert.rejects(ours.unwrapKey(wrapped, context), { code: "key-disabled" });
    const { state } = (await scene.sdk.call("describe_key", { key })) as { readonly state: string };
    assert.equal(state, scene.peer.states.disabled);
    await scene.sdk.call("enable_key", { key });
    assert.deepEqual(await unwrap(scene, key, wrapped), root);
    assert.deepEqual(await ours.unwrapKey(wrapped, context), root);
  },
  "is refused a key that it is denied, and one that there is not": async (scene) => {
    const { key, ours } = await enabledKey(scene);
    const { wrapped } = await ours.generateDataKey(context);
    scene.stage.emulator.deny(key);
    await refused(unwrap(scene, key, wrapped), scene.peer.errors.denied);
    scene.stage.emulator.allow(key);
    const { missing } = scene.stage;
    await refused(scene.sdk.call("describe_key", { key: missing }), scene.peer.errors.missing);
  },
  "makes a key that our adapter can use": async (scene) => {
    const resource = (await scene.sdk.call("create_key", { algorithm: scene.algorithm.name })) as string;
    const ours = scene.kms.open(scene.cmk(resource));
    const { kind } = await ours.describe();
    assert.equal(kind, scene.algorithm.kind);
    const { key: root, wrapped } = await ours.generateDataKey(context);
    assert.deepEqual(await unwrap(scene, resource, wrapped), root);
  },
};

/** For counting where there is no Python. */
export function sdkCaseNames({ creatable }: SdkAlgorithm): readonly string[] {
  return Object.keys(templates).filter((name) => creatable || !name.startsWith("makes a key"));
}

/** What an SDK and our adapter must agree about, for one kind of key. */
export function sdkCases(scene: SdkScene): readonly PeerCase[] {
  return sdkCaseNames(scene.algorithm).map((name) => ({
    name: `${scene.algorithm.name}: ${name}`,
    run: async () => templates[name]?.(scene),
  }));
}

async function enabledKey(scene: SdkScene): Promise<{ readonly key: string; readonly ours: KmsKey }> {
  const key = await scene.sharedKey();
  // Whatever the case before left behind when it failed.
  scene.stage.emulator.allow(key);
  scene.stage.emulator.enableKey(key);
  return { key, ours: scene.kms.open(scene.cmk(key)) };
}

async function wrap(scene: SdkScene, key: string, root: Uint8Array): Promise<WrappedKey> {
  const { kind } = scene.algorithm;
  const reply = await scene.sdk.call("wrap_key", { key, kind, root: base64(root), context });
  const { bytes, keyVersion } = reply as { readonly bytes: string; readonly keyVersion: string | null };
  return { cmk: scene.cmk(key), kind, keyVersion, bytes: new Uint8Array(Buffer.from(bytes, "base64")) };
}

async function unwrap(scene: SdkScene, key: string, wrapped: WrappedKey, under = context): Promise<Uint8Array> {
  const { bytes, keyVersion } = wrapped;
  const request = { key, kind: scene.algorithm.kind, bytes: base64(bytes), keyVersion, context: under };
  return new Uint8Array(Buffer.from(String(await scene.sdk.call("unwrap_key", request)), "base64"));
}

async function refused(call: Promise<unknown>, name: string): Promise<void> {
  const error = await call.then(
    () => assert.fail(`expected ${name}, but the call succeeded`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PythonError)) throw error;
  assert.equal(error.name, name, error.message);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
