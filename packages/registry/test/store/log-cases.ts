import { describe, expect, it } from "vitest";

import { sampleBytes, sampleEntry, sampleTime, sampleToken } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** Tokens and the audit log. */
export function logCases(at: OpenedStore): void {
  describe("keeps tokens", () => {
    it("as they were put, oldest first, and when each was last used", async () => {
      const rows = [
        sampleToken(),
        sampleToken({ project: "*", role: "viewer", expiresAt: new Date(9e12), revokedAt: sampleTime }),
        sampleToken(),
      ];
      await at.put(async (tx) => {
        for (const row of rows) await tx.putToken(row);
      });
      expect(await at.store.reads.tokens()).toEqual(rows.map((row) => ({ ...row, lastUsedAt: null })));
      const [first] = rows;
      const id = first?.record.id ?? "";
      const used = new Date(sampleTime.getTime() + 1);
      await at.put(async (tx) => tx.touchToken(id, used));
      const revoked = sampleToken({ ...first?.record, revokedAt: used });
      await at.put(async (tx) => tx.putToken(revoked));
      expect(await at.store.reads.token(id)).toEqual({ ...revoked, lastUsedAt: used });
      expect((await at.store.reads.tokens()).map(({ record }) => record.id)).toEqual(rows.map(({ record }) => record.id));
      expect(await at.store.reads.token("0".repeat(16))).toBeUndefined();
    });
  });

  describe("keeps the audit log", () => {
    it("as it was written, by number, page by page", async () => {
      const details = { text: "'; drop table cmkit_audit; --", number: -15, truth: false, "": "" };
      const entries = [1, 2, 3, 4, 5].map((seq) => sampleEntry({ seq, details, subject: "x", requestId: "r", project: null }));
      expect(await at.store.reads.auditHead()).toBeUndefined();
      for (const entry of entries) {
        await at.put(async (tx) => {
          expect((await tx.lockAudit())?.seq ?? 0).toBe(entry.record.seq - 1);
          await tx.appendAudit(entry);
        });
      }
      expect(await at.store.reads.audit({ limit: 9 })).toEqual(entries);
      expect(await at.store.reads.audit({ after: 2, limit: 2 })).toEqual(entries.slice(2, 4));
      expect(await at.store.reads.auditHead()).toEqual({ seq: 5, tag: entries[4]?.tag });
    });

    it("without gaps: only the entry after the head, and only under the lock", async () => {
      const append = async (seq: number): Promise<void> =>
        at.put(async (tx) => {
          await tx.lockAudit();
          await tx.appendAudit(sampleEntry({ seq }));
        });
      await expect(at.put(async (tx) => tx.appendAudit(sampleEntry()))).rejects.toThrow(TypeError);
      await expect(append(2)).rejects.toThrow(TypeError);
      await append(1);
      await expect(append(1)).rejects.toThrow(TypeError);
      expect(await at.store.reads.audit({ limit: 9 })).toHaveLength(1);
    });

    it("and replaces the tag of an entry alone", async () => {
      const entry = sampleEntry();
      const tag = sampleBytes(32);
      await at.put(async (tx) => {
        await tx.lockAudit();
        await tx.appendAudit(entry);
        await tx.putAuditTag(1, tag);
      });
      expect(await at.store.reads.audit({ limit: 9 })).toEqual([{ ...entry, tag }]);
    });
  });
}
