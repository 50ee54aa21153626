import { describe, expect, it } from "vitest";

import { sampleBytes, sampleCmk, sampleProject } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** Hostile and impossible text. */
export function textCases(at: OpenedStore): void {
  describe("takes text as text", () => {
    const hostile = ["'; drop table cmkit_cmks; --", '" or 1=1 --', "\\", "%", "_", "$1", "?", ":name", "{}", "null"];

    it("whatever SQL stands in it", async () => {
      await at.put(async (tx) => {
        for (const name of hostile) {
          await tx.lockProject(name);
          await tx.putProject(sampleProject({ name }));
          await tx.putCmk(sampleCmk({ project: name, resource: name, canonical: name }));
        }
      });
      for (const name of hostile) {
        expect((await at.store.reads.project(name))?.record.name).toBe(name);
        expect(await at.store.reads.cmks(name)).toMatchObject([{ record: { resource: name, canonical: name } }]);
        expect(await at.store.reads.countDataKeys(name, { provider: name, resource: name })).toBe(0);
        expect(await at.store.reads.services(name, { provider: name, resource: name })).toEqual([]);
        expect(await at.store.reads.indexKey(name, name)).toBeUndefined();
        expect(await at.store.reads.token(name)).toBeUndefined();
      }
    });

    it("and refuses what one of the engines would change on its way: NUL and half surrogates", async () => {
      for (const name of ["a\0b", "\ud800", "\udc00x"]) {
        await expect(at.store.reads.project(name)).rejects.toMatchObject({ code: "invalid-request" });
        await expect(at.store.reads.dataKey(name, sampleBytes(32))).rejects.toMatchObject({ code: "invalid-request" });
        await expect(at.put(async (tx) => tx.putProject(sampleProject({ name })))).rejects.toThrow(TypeError);
      }
    });

    it("and pages by whole numbers from 1", async () => {
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await expect(at.store.reads.projects({ limit })).rejects.toThrow(RangeError);
        await expect(at.store.reads.audit({ limit })).rejects.toThrow(RangeError);
        await expect(at.store.reads.dataKeys("acme", { limit })).rejects.toThrow(RangeError);
      }
    });
  });
}
