import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { CmkRecord, Validation } from "../../src/cmk-record.ts";
import { sampleBytes, sampleCmk, sampleDataKey, sampleKey, sampleProject, sampleTime } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** Projects and CMKs. */
export function recordCases(at: OpenedStore): void {
  describe("keeps projects", () => {
    it("as they were put, and knows no others", async () => {
      const project = sampleProject({ name: "Ünïcode 🗝 'quoted' \"twice\"" });
      await at.put(async (tx) => tx.putProject(project));
      expect(await at.store.reads.project(project.record.name)).toEqual(project);
      expect(await at.store.reads.project("acme")).toBeUndefined();
    });

    it("replaces the row of the same name", async () => {
      await at.put(async (tx) => tx.putProject(sampleProject({ externalId: "first" })));
      const second = sampleProject({ externalId: "second" });
      await at.put(async (tx) => tx.putProject(second));
      expect(await at.store.reads.project("acme")).toEqual(second);
      expect(await at.store.reads.projects({ limit: 10 })).toEqual(["acme"]);
    });

    it("lists their names by their bytes, page by page", async () => {
      // By UTF-16 units the last two would stand the other way round.
      const names = ["10", "9", "B", "a", "a ", "ab", "é", "\uffee", "🗝"];
      await at.put(async (tx) => {
        for (const name of names.toReversed()) await tx.putProject(sampleProject({ name }));
      });
      const listed: string[] = [];
      for (let page = await at.store.reads.projects({ limit: 4 }); page.length > 0;) {
        listed.push(...page);
        page = await at.store.reads.projects({ after: page.at(-1), limit: 4 });
      }
      expect(listed).toEqual(names);
    });

    it("lists those that have lost their row too, by their CMKs and data keys", async () => {
      await at.put(async (tx) => {
        await tx.putProject(sampleProject({ name: "b" }));
        await tx.putCmk(sampleCmk({ project: "c" }));
        await tx.addDataKey(sampleDataKey({ context: { tenant: "a" } }));
        await tx.addDataKey(sampleDataKey({ context: { tenant: "b" } }));
      });
      expect(await at.store.reads.projects({ limit: 2 })).toEqual(["a", "b"]);
      expect(await at.store.reads.projects({ after: "b", limit: 2 })).toEqual(["c"]);
    });

    it("under names of 256 characters, and refuses longer ones before anything is written", async () => {
      const name = "鍵".repeat(256);
      await at.put(async (tx) => tx.putProject(sampleProject({ name })));
      expect(await at.store.reads.projects({ limit: 2 })).toEqual([name]);
      await expect(at.put(async (tx) => tx.putProject(sampleProject({ name: `${name}x` })))).rejects.toThrow(TypeError);
    });
  });

  describe("keeps CMKs", () => {
    it("as they were put, of each project by itself", async () => {
      const key = { kind: "rsa", bits: 3072, state: "pending-deletion", keyVersion: "7" } as const;
      const validation: Validation = {
        phase: "wrap",
        code: "key-disabled",
        message: "say 'why' \u2028 in \"words\"",
        since: sampleTime,
        checkedAt: new Date(0),
        key,
      };
      const rows = [
        sampleCmk({ isDefault: true, validation, pin: { keyVersion: "7", spkiSha256: sampleBytes(32) } }),
        sampleCmk({ status: "old", resolved: false, pin: { keyVersion: null, spkiSha256: sampleBytes(32) } }),
        sampleCmk({ status: "deleted", validation: { ...validation, phase: "done", code: "ok", message: "", key: null } }),
      ];
      await at.put(async (tx) => {
        for (const row of rows) await tx.putCmk(row);
        await tx.putCmk(sampleCmk({ project: "other" }));
      });
      expect(await at.store.reads.cmks("acme")).toEqual(rows);
      expect(await at.store.reads.cmks("nobody")).toEqual([]);
    });

    it("oldest first, although all were made in one millisecond and changed since", async () => {
      const rows = Array.from({ length: 20 }, () => sampleCmk());
      await at.put(async (tx) => {
        for (const row of rows) await tx.putCmk(row);
      });
      const ids = rows.map(({ record }) => record.id);
      const [first] = rows;
      const changed = sampleCmk({ ...first?.record, status: "old", updatedAt: new Date(1) });
      await at.put(async (tx) => tx.putCmk(changed));
      const found = await at.store.reads.cmks("acme");
      expect(found.map(({ record }) => record.id)).toEqual(ids);
      expect(found[0]).toEqual(changed);
    });

    it("whatever they say", async () => {
      // Not fast-check's own unit of all characters, which it takes seconds to make.
      const points = fc.integer({ min: 0x20, max: 0x10ffff }).map((point) => String.fromCodePoint(point));
      const character = points.filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value));
      const text = fc.string({ unit: character, minLength: 1, maxLength: 40 });
      const arbitrary: fc.Arbitrary<Partial<CmkRecord>> = fc.record({
        project: text,
        resource: text,
        canonical: text,
        keyResource: text,
        resolved: fc.boolean(),
        createdAt: fc.date({ noInvalidDate: true }),
      });
      const known = new Set<string>();
      const once = fc.asyncProperty(arbitrary, async (change) => {
        const row = sampleCmk(change);
        if (known.has(`${change.project} ${change.canonical}`)) return;
        known.add(`${change.project} ${change.canonical}`);
        await at.put(async (tx) => tx.putCmk(row));
        const found = await at.store.reads.cmks(row.record.project);
        expect(found.find(({ record }) => record.id === row.record.id)).toEqual(row);
      });
      await fc.assert(once, { numRuns: 20 });
    });

    it("refuses a second default, a default that is not current, and one key twice, whatever the rules said", async () => {
      const first = sampleCmk({ isDefault: true });
      await at.put(async (tx) => tx.putCmk(first));
      const refused = [
        sampleCmk({ isDefault: true }),
        sampleCmk({ isDefault: true, status: "old", project: "other" }),
        sampleCmk({ canonical: first.record.canonical }),
      ];
      for (const row of refused) {
        await expect(at.put(async (tx) => tx.putCmk(row))).rejects.toMatchObject({ code: "already-exists" });
      }
      await at.put(async (tx) => tx.putCmk(sampleCmk({ canonical: first.record.canonical, status: "deleted" })));
      await at.put(async (tx) => tx.putCmk(sampleCmk({ canonical: first.record.canonical, project: "other" })));
      expect(await at.store.reads.cmks("acme")).toHaveLength(2);
    });

    it("and says which projects use a key, under whichever of its names", async () => {
      const keyResource = sampleKey.resource;
      await at.put(async (tx) => {
        for (const project of ["b", "a"]) await tx.putCmk(sampleCmk({ keyResource, project }));
        await tx.putCmk(sampleCmk({ keyResource, canonical: keyResource, project: "b" }));
        for (const status of ["deleted", "old"] as const) await tx.putCmk(sampleCmk({ keyResource, project: "c", status }));
        await tx.putCmk(sampleCmk({ keyResource, project: "deleted", status: "deleted" }));
        await tx.putCmk(sampleCmk({ keyResource, project: "another cloud's", provider: "gcp" }));
        await tx.putCmk(sampleCmk({ canonical: keyResource, project: "another key's" }));
      });
      const using = await at.store.write(async (tx) => {
        await tx.lockResource(sampleKey);
        return [await tx.projectsUsing(sampleKey), await tx.projectsUsing(sampleKey, { deleted: true })];
      });
      expect(using).toEqual([
        ["a", "b", "c"],
        ["a", "b", "c", "deleted"],
      ]);
    });
  });
}
