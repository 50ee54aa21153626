import { randomBytes, randomUUID } from "node:crypto";
import type { DataKeyRecord, Envelope, WrappedKey } from "@cmkit/core";
import { bindContext, originTagger, recordMac } from "@cmkit/core/store";
import { beforeEach, describe, expect, test } from "vitest";
import type { CmkRecord } from "../../src/cmk-record.ts";
import type { Registry } from "../../src/registry.ts";
import type { Tagged } from "../../src/store.ts";
import { projectCmks } from "../../src/project-cmks.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, opening, registerKey, seal, type World } from "./world.ts";

// Someone who can write every row of the database, and has neither the record key nor a KMS.
const engine = sqlite();
let world: World;
let registry: Registry;

beforeEach(async () => {
  world = await newWorld(engine);
  registry = world.process();
});

async function rows(project = "acme"): Promise<readonly Tagged<CmkRecord>[]> {
  return world.store.reads.cmks(project);
}

/** Puts a changed row in the place of one, with the tag that it had. */
async function forge(change: Partial<CmkRecord>, nth = 0): Promise<void> {
  const row = (await rows())[nth];
  if (row === undefined) throw new RangeError("expected a row to change");
  await world.store.write(async (tx) => tx.putCmk({ record: { ...row.record, ...change }, tag: row.tag }));
}

/** Everything that a process that starts now is asked with the forged row, and how many requests went to the cloud. */
async function refused(sealed: Uint8Array): Promise<readonly unknown[]> {
  const fresh = world.process();
  const box = fresh.envelope({ service: "crm" });
  const [{ id } = { id: "" }] = (await rows()).map(({ record }) => record);
  const before = world.cloud.requests;
  const codes = [
    await opening(box, sealed),
    await codeOf(async () => seal(box)),
    await codeOf(async () => fresh.list("acme")),
    await codeOf(async () => fresh.update("acme", id, { defaultCmk: false })),
    await codeOf(async () => fresh.delete("acme", id, { force: true })),
    await codeOf(async () => fresh.check("acme", id)),
    await codeOf(async () => fresh.grants("acme", id)),
    await codeOf(async () => registerKey(fresh, "c")),
  ];
  return [...new Set(codes), world.cloud.requests - before];
}

const isRefused = ["bad-answer", "bad-record", 0];

describe.each(["a", "rsa"])("with a CMK %s, the attacker", (name) => {
  let sealed: Uint8Array;
  beforeEach(async () => {
    await registerKey(registry, name, true);
    sealed = await seal(registry.envelope({ service: "crm" }));
  });

  test.each<[string, Partial<CmkRecord>]>([
    ["points a CMK at a key of its own", { canonical: "double:b" }],
    ["says that a CMK is another key's", { keyResource: "double:b" }],
    ["points a CMK at another provider", { provider: "gcp" }],
    ["changes what the customer gave", { resource: "double:b" }],
    ["makes a resolved key an alias again", { resolved: false }],
    ["pins a public key of its own", { pin: { keyVersion: "1", spkiSha256: new Uint8Array(32).fill(7) } }],
    ["removes a validation", { validation: null }],
    ["takes the mark of the default away", { isDefault: false }],
    ["makes a CMK old", { status: "old", isDefault: false }],
    ["moves a CMK's time", { updatedAt: new Date(0) }],
  ])("%s, and is refused without a request", async (_, change) => {
    await forge(change);
    expect(await refused(sealed)).toEqual(isRefused);
  });

  test("deletes the pin, and is refused without a request", async () => {
    if ((await rows())[0]?.record.pin === null) await forge({ pin: { keyVersion: null, spkiSha256: new Uint8Array(32) } });
    else await forge({ pin: null });
    expect(await refused(sealed)).toEqual(isRefused);
  });

  test("revives a deleted CMK with the tag of its deletion, and is refused", async () => {
    const [row] = await rows();
    await registry.delete("acme", row?.record.id ?? "", { force: true });
    await forge({ status: "current", isDefault: true });
    expect(await refused(sealed)).toEqual(isRefused);
  });

  test("puts earlier rows back beside later ones, and what cannot have been true together is refused", async () => {
    const [first] = await rows();
    await registerKey(registry, "b", true);
    const [demoted, second] = await rows();
    if (first === undefined || demoted === undefined || second === undefined) throw new RangeError("expected two rows");
    const twin = world.tags.cmk.seal({ ...second.record, id: randomUUID(), isDefault: false });
    const read = async (...found: readonly Tagged<CmkRecord>[]): Promise<unknown> =>
      projectCmks({ ...world.store.reads, cmks: async () => found }, world.tags.cmk, "acme");
    expect(await codeOf(async () => read(demoted, second))).toBe("done");
    expect(await codeOf(async () => read(first, second))).toBe("bad-record"); // two defaults
    expect(await codeOf(async () => read(demoted, second, twin))).toBe("bad-record"); // one key twice
    const old = world.tags.cmk.seal({ ...second.record, status: "old" });
    expect(await codeOf(async () => read(demoted, old))).toBe("bad-record"); // a default that is old
  });

  test("copies a CMK from another project, and is refused", async () => {
    await registerKey(world.process(), "b", true, "globex");
    const [foreign] = await rows("globex");
    if (foreign === undefined) throw new RangeError("expected a row");
    const moved = { ...foreign.record, project: "acme", id: randomUUID(), isDefault: false };
    await world.store.write(async (tx) => tx.putCmk({ record: moved, tag: foreign.tag }));
    expect(await refused(sealed)).toEqual(isRefused);
  });

  test("tags a row under a key of its own, or for another purpose, and is refused", async () => {
    const [row] = await rows();
    if (row === undefined) throw new RangeError("expected a row");
    for (const tag of [recordMac(randomBytes(32), "registry cmk"), recordMac(world.recordKey, "registry project")]) {
      await world.store.write(async (tx) => tx.putCmk({ record: row.record, tag: tag.tag("anything") }));
      expect(await refused(sealed)).toEqual(isRefused);
    }
  });
});

describe.each(["a", "rsa"])("data keys under a CMK %s", (name) => {
  let box: Envelope;
  let sealed: Uint8Array;
  let record: DataKeyRecord;

  beforeEach(async () => {
    await registerKey(registry, name, true);
    box = registry.envelope({ service: "crm" });
    sealed = await seal(box);
    const [stored] = await world.store.reads.dataKeys("acme", { limit: 10 });
    if (stored === undefined) throw new RangeError("expected a data key");
    record = stored;
  });

  async function plant(planted: DataKeyRecord): Promise<void> {
    await world.store.write(async (tx) => tx.addDataKey(planted));
  }

  test("cannot be planted without the record key", async () => {
    const context = bindContext({ tenant: "acme" });
    const id = new Uint8Array(randomBytes(32));
    const planted = { ...record, id, origin: originTagger(new Uint8Array(32)).tag("field", context, id) };
    await plant(planted);
    const message = relabelled(sealed, record.id, id);
    const before = world.cloud.requests;
    expect(await opening(world.process().envelope({ service: "crm" }), message)).toBe("decrypt-failed");
    expect(world.cloud.requests).toBe(before);
  });

  test("cannot be planted as index keys", async () => {
    await plant({ ...record, id: new Uint8Array(randomBytes(32)), purpose: "index" });
    const { fieldEncryption } = await import("@cmkit/core");
    const envelope = world.process().envelope({ service: "crm" });
    const pii = fieldEncryption({ envelope, table: "customers", rowId: "id", fields: { email: { index: "emailIndex" } } });
    const before = world.cloud.requests;
    expect(await codeOf(async () => pii.for("acme").index("email", "ada@example.com"))).toBe("decrypt-failed");
    expect(world.cloud.requests).toBe(before);
  });

  test("cannot be moved to another project", async () => {
    await registerKey(world.process({ sharedResources: true }), name, true, "globex");
    const moved = { ...record, context: { tenant: "globex" } };
    await plant(moved);
    const before = world.cloud.requests;
    expect(await opening(world.process().envelope({ service: "crm" }), sealed, "globex")).toBe("decrypt-failed");
    expect(world.cloud.requests).toBe(before);
  });

  test("cannot be opened by a CMK that the project does not have", async () => {
    const [first] = record.recipients;
    const foreign: WrappedKey = { ...first, cmk: { provider: "double", resource: "double:c" } };
    const other = await newWorld(engine);
    const theirs = other.process();
    await registerKey(theirs, name, true);
    const origin = originTagger(other.recordKey).tag("field", bindContext({ tenant: "acme" }), record.id);
    await other.store.write(async (tx) => tx.addDataKey({ ...record, origin, recipients: [foreign] }));
    expect(await opening(theirs.envelope({ service: "crm" }), sealed)).toBe("key-removed");
    expect(other.cloud.requests).toBe(0);
  });
});

test("a project's external id cannot be chosen by someone else", async () => {
  await registry.externalId("acme");
  const row = await world.store.reads.project("acme");
  if (row === undefined) throw new RangeError("expected a row");
  await world.store.write(async (tx) => tx.putProject({ ...row, record: { ...row.record, externalId: "chosen" } }));
  expect(await codeOf(async () => world.process().externalId("acme"))).toBe("bad-record");
});

/** A compact message that names another data key. */
function relabelled(sealed: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const at = Buffer.from(sealed).indexOf(from);
  const message = sealed.slice();
  message.set(to, at);
  return message;
}
