import { isKmsError } from "@cmkit/core";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { CmkRecord } from "../src/cmk-record.ts";
import { isRegistryError } from "../src/registry-error.ts";
import {
  acceptedCmks,
  defaultCmk,
  identify,
  isCurrent,
  liveCmk,
  maxCmks,
  refuseForeign,
  register,
  remove,
  supersede,
  update,
  type Change,
  type CmkChange,
} from "../src/rules.ts";

const at = new Date(1_000);
const later = new Date(2_000);

function asked(id: string, canonical = `key-${id}`, isDefault = false): Parameters<typeof register>[1] {
  const names = { provider: "aws", resource: canonical, canonical, keyResource: canonical };
  return { id, project: "acme", ...names, resolved: true, isDefault };
}

/** The rows after a change. */
function after(cmks: readonly CmkRecord[], { rows }: Change): readonly CmkRecord[] {
  const kept = cmks.map((cmk) => rows.find(({ id }) => id === cmk.id) ?? cmk);
  return [...kept, ...rows.filter(({ id }) => cmks.every((cmk) => cmk.id !== id))];
}

function project(...given: readonly Parameters<typeof register>[1][]): readonly CmkRecord[] {
  return given.reduce<readonly CmkRecord[]>((cmks, each) => after(cmks, register(cmks, each, at)), []);
}

function codeOf(decide: () => unknown): string {
  try {
    decide();
    return "none";
  } catch (error) {
    if (isRegistryError(error) || isKmsError(error)) return error.code;
    throw error;
  }
}

describe("superseding", () => {
  const cmks = project(asked("a", "key-a", true), asked("b"), asked("c"));

  it("makes the source old and, where it was the default, the target the default", () => {
    const now = after(cmks, supersede(cmks, "a", "b", later));
    expect(now.map(({ id, status, isDefault }) => `${id} ${status} ${isDefault}`)).toEqual([
      "a old false",
      "b current true",
      "c current false",
    ]);
    expect(now.map(({ updatedAt }) => updatedAt)).toEqual([later, later, at]);
  });

  it("writes the last default first: there are never two", () => {
    expect(supersede(cmks, "a", "b", later).rows.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("leaves the default alone where the source was not it", () => {
    const now = after(cmks, supersede(cmks, "b", "c", later));
    expect(now.map(({ id, status, isDefault }) => `${id} ${status} ${isDefault}`)).toEqual([
      "a current true",
      "b old false",
      "c current false",
    ]);
  });

  it("changes nothing where both are one key, where the source is the operator's, or is old already", () => {
    expect(supersede(cmks, "a", "a", later).rows).toEqual([]);
    expect(supersede(cmks, "operator", "b", later).rows).toEqual([]);
    const moved = after(cmks, supersede(cmks, "b", "c", later));
    expect(supersede(moved, "b", "c", later).rows).toEqual([]);
  });

  it("wants a target that may wrap, and keys of the project", () => {
    const moved = after(cmks, supersede(cmks, "b", "c", later));
    expect(codeOf(() => supersede(moved, "a", "b", later))).toBe("invalid-request");
    expect(codeOf(() => supersede(moved, "b", "b", later))).toBe("invalid-request");
    expect(codeOf(() => supersede(cmks, "a", "x", later))).toBe("not-found");
    expect(codeOf(() => supersede(cmks, "x", "a", later))).toBe("not-found");
    expect(codeOf(() => supersede(cmks, "a", "operator", later))).toBe("not-found");
  });
});

describe("registering", () => {
  it("makes a current CMK, which is the default only if asked", () => {
    const { rows, result } = register([], asked("a"), at);
    expect(rows).toEqual([result]);
    expect(result).toMatchObject({ id: "a", status: "current", isDefault: false, pin: null, validation: null, createdAt: at });
    expect(register([], asked("a", "key-a", true), at).result.isDefault).toBe(true);
  });

  it("takes the mark from the last default in the same change", () => {
    const cmks = project(asked("a", "key-a", true));
    const { rows } = register(cmks, asked("b", "key-b", true), later);
    expect(rows.map(({ id, isDefault, updatedAt }) => ({ id, isDefault, updatedAt }))).toEqual([
      { id: "a", isDefault: false, updatedAt: later },
      { id: "b", isDefault: true, updatedAt: later },
    ]);
  });

  it("refuses a key that the project has, whatever its status but deleted", () => {
    const cmks = project(asked("a"));
    expect(codeOf(() => register(cmks, asked("b", "key-a"), at))).toBe("already-exists");
    const old = after(cmks, update(cmks, "a", { status: "old" }, at));
    expect(codeOf(() => register(old, asked("b", "key-a"), at))).toBe("already-exists");
    const deleted = after(old, remove(old, "a", 0, false, at));
    expect(register(deleted, asked("b", "key-a"), later).result.id).toBe("b");
  });

  it("refuses more CMKs than a project may have, deleted ones included", () => {
    const { result } = register([], asked("a"), at);
    const deleted = { ...result, status: "deleted" } as const;
    const full = Array.from({ length: maxCmks }, (_, i) => ({ ...deleted, id: `${i}` }));
    expect(codeOf(() => register(full, asked("b"), at))).toBe("invalid-request");
    expect(register(full.slice(1), asked("b"), at).result.id).toBe("b");
  });

  it("takes two versions of a key as two CMKs, so that a project can move from one to the other", () => {
    const keyResource = "key-a";
    const cmks = project({ ...asked("a", "key-a/v1"), keyResource });
    expect(register(cmks, { ...asked("b", "key-a/v2"), keyResource }, at).result.id).toBe("b");
    expect(register(cmks, { ...asked("c", "key-a"), keyResource }, at).result.id).toBe("c");
    expect(codeOf(() => register(cmks, { ...asked("d", "key-a/v1"), keyResource }, at))).toBe("already-exists");
  });

  it("tells keys of two providers apart", () => {
    expect(register(project(asked("a")), { ...asked("b", "key-a"), provider: "gcp" }, at).result.id).toBe("b");
  });
});

describe("updating", () => {
  const cmks = project(asked("a", "key-a", true), asked("b"));

  it.each<[string, CmkChange]>([
    ["no fields", {}],
    ["what is so already", { defaultCmk: true, status: "current" }],
  ])("with %s writes nothing", (_, change) => {
    expect(update(cmks, "a", change, later)).toEqual({ rows: [], result: cmks[0] });
  });

  it("gives the mark to another", () => {
    const changed = after(cmks, update(cmks, "b", { defaultCmk: true }, later));
    expect(changed.map(({ isDefault }) => isDefault)).toEqual([false, true]);
  });

  it("takes the mark away", () => {
    expect(defaultCmk(after(cmks, update(cmks, "a", { defaultCmk: false }, later)))).toBeUndefined();
  });

  it("makes old and current again", () => {
    const old = after(cmks, update(cmks, "b", { status: "old" }, later));
    expect(old[1]).toMatchObject({ status: "old", updatedAt: later });
    expect(after(old, update(old, "b", { status: "current" }, later))[1]).toMatchObject({ status: "current" });
  });

  it("does not make the default old", () => {
    expect(codeOf(() => update(cmks, "a", { status: "old" }, later))).toBe("in-use");
    expect(update(cmks, "a", { status: "old", defaultCmk: false }, later).result).toMatchObject({
      status: "old",
      isDefault: false,
    });
  });

  it("does not make an old CMK the default, but together with making it current", () => {
    const old = after(cmks, update(cmks, "b", { status: "old" }, later));
    expect(codeOf(() => update(old, "b", { defaultCmk: true }, later))).toBe("invalid-request");
    expect(codeOf(() => update(cmks, "b", { defaultCmk: true, status: "old" }, later))).toBe("invalid-request");
    expect(update(old, "b", { defaultCmk: true, status: "current" }, later).result.isDefault).toBe(true);
  });

  it("finds neither unknown nor deleted ones", () => {
    expect(codeOf(() => update(cmks, "c", {}, later))).toBe("not-found");
    const deleted = after(cmks, remove(cmks, "b", 0, false, later));
    expect(codeOf(() => update(deleted, "b", {}, later))).toBe("not-found");
    expect(codeOf(() => liveCmk(deleted, "b"))).toBe("not-found");
  });
});

describe("deleting", () => {
  const cmks = project(asked("a", "key-a", true));

  it("keeps the row, without the mark", () => {
    expect(remove(cmks, "a", 0, false, later).result).toMatchObject({ status: "deleted", isDefault: false, updatedAt: later });
  });

  it.each([
    [1, "1 data key depends"],
    [7, "7 data keys depend"],
  ])("is refused while %d data keys depend on it, with their number", (count, words) => {
    expect(() => remove(cmks, "a", count, false, later)).toThrow(words);
    expect(codeOf(() => remove(cmks, "a", count, false, later))).toBe("in-use");
    expect(remove(cmks, "a", count, true, later).result.status).toBe("deleted");
  });

  it("happens once", () => {
    const deleted = after(cmks, remove(cmks, "a", 0, false, later));
    expect(codeOf(() => remove(deleted, "a", 0, true, later))).toBe("not-found");
  });
});

describe("a key's identity", () => {
  const alias = { ...asked("a", "alias/main"), resolved: false };
  const pin = { keyVersion: "1", spkiSha256: new Uint8Array(32) };
  const key = (canonical: string) => ({ canonical, keyResource: canonical });

  it("is fixed once the KMS has named it", () => {
    const cmks = project(alias);
    const named = { canonical: "key-1/v1", keyResource: "key-1" };
    const fixed = identify(cmks, liveCmk(cmks, "a"), { ...named, pin }, later);
    expect(fixed).toMatchObject({ ...named, resolved: true, pin, resource: "alias/main", updatedAt: later });
  });

  it("stays as it is while the KMS says the same", () => {
    const cmk = liveCmk(project(asked("a")), "a");
    expect(identify([cmk], cmk, { ...key("key-a"), pin: null }, later)).toEqual(cmk);
  });

  it("moves to another public key of the same key", () => {
    const cmk = liveCmk(project(asked("a")), "a");
    const moved = identify([], { ...cmk, pin }, { ...key("key-a"), pin: { ...pin, keyVersion: "2" } }, later);
    expect(moved).toMatchObject({ pin: { keyVersion: "2" }, updatedAt: later });
  });

  it("is refused when the project has that key under another id", () => {
    const cmks = project(asked("b", "key-1"), alias);
    expect(() => identify(cmks, liveCmk(cmks, "a"), { ...key("key-1"), pin: null }, later)).toThrow("as CMK b");
  });

  it("is refused in another project, in the words of a missing permission, unless keys may be shared", () => {
    expect(codeOf(() => refuseForeign(["other"], "acme", "aws", false))).toBe("access-denied");
    expect(codeOf(() => refuseForeign(["acme"], "acme", "aws", false))).toBe("none");
    expect(codeOf(() => refuseForeign(["acme", "other"], "acme", "aws", true))).toBe("none");
  });
});

test("the accepted CMKs are the default, then current ones, then old ones", () => {
  const cmks = project(asked("a"), asked("b"), asked("c", "key-c", true), asked("d"));
  const old = after(cmks, update(cmks, "a", { status: "old" }, later));
  const deleted = after(old, remove(old, "d", 0, false, later));
  expect(acceptedCmks(deleted).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(isCurrent(deleted, { provider: "aws", resource: "key-b" })).toBe(true);
  for (const resource of ["key-a", "key-d", "key-x"]) expect(isCurrent(deleted, { provider: "aws", resource })).toBe(false);
  expect(isCurrent(deleted, { provider: "gcp", resource: "key-b" })).toBe(false);
});

test("whatever is asked, in whatever order, a project has at most one default, which is current, and each key once", () => {
  const ids = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    fc.record({ do: fc.constant("register" as const), id: fc.uuid(), key: ids, isDefault: fc.boolean() }),
    fc.record({
      do: fc.constant("update" as const),
      nth: fc.nat(5),
      change: fc.record(
        { defaultCmk: fc.boolean(), status: fc.constantFrom("current" as const, "old" as const) },
        { requiredKeys: [] },
      ),
    }),
    fc.record({ do: fc.constant("remove" as const), nth: fc.nat(5), force: fc.boolean(), dataKeys: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let cmks: readonly CmkRecord[] = [];
      for (const each of steps) {
        try {
          const id = "nth" in each ? (cmks[each.nth]?.id ?? "none") : each.id;
          if (each.do === "register") cmks = after(cmks, register(cmks, asked(id, each.key, each.isDefault), at));
          else if (each.do === "update") cmks = after(cmks, update(cmks, id, each.change, at));
          else cmks = after(cmks, remove(cmks, id, each.dataKeys, each.force, at));
        } catch (error) {
          if (!isRegistryError(error)) throw error;
        }
        const defaults = cmks.filter(({ isDefault }) => isDefault);
        const live = cmks.filter(({ status }) => status !== "deleted").map(({ canonical }) => canonical);
        expect(defaults.length).toBeLessThanOrEqual(1);
        expect(defaults.every(({ status }) => status === "current")).toBe(true);
        expect(new Set(live).size).toBe(live.length);
      }
    }),
  );
});
