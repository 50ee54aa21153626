import assert from "node:assert/strict";
import type { CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";
import { keyUses } from "./key-uses.ts";

const shortly = { timeoutMs: 150 } as const;
// Below the ten seconds that a hanging service takes at least, and as far as that allows above what a busy machine needs.
const atOnceMs = 9000;

/** Deadlines, cancellation and retries: one place owns them, and the adapter stays out of its way. */
export const outageCases: readonly CaseTemplate[] = [
  {
    name: "rides out throttling",
    needs: ["fault"],
    async run(t) {
      await ridesOut(t, "throttle");
    },
  },
  {
    name: "rides out a short outage",
    needs: ["fault"],
    async run(t) {
      await ridesOut(t, "unavailable");
    },
  },
  {
    name: "gives up when throttling goes on, after as many requests as core sends",
    needs: ["fault"],
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      await t.fault("throttle", "unwrap", 20);
      const before = await t.harness.requests?.();
      const error = await t.refused(t.open().unwrapKey(wrapped, t.context), "throttled");
      assert.equal(error.retryable, true);
      const { attempts = 0 } = t.events.findLast(({ type }) => type === "unwrap") ?? {};
      assert.ok(attempts > 1);
      if (before !== undefined) assert.equal(await t.harness.requests?.(), before + attempts, "the SDK retries by itself");
    },
  },
  {
    name: "ends at the deadline when the service hangs",
    needs: ["fault"],
    async run(t) {
      for (const { operation, ready } of await keyUses(t)) {
        const use = await ready();
        await t.fault("hang", operation);
        const started = performance.now();
        await t.refused(use(shortly), "timeout");
        const took = performance.now() - started;
        assert.ok(took >= shortly.timeoutMs - 5 && took < atOnceMs, `${operation} took ${took} ms`);
        assert.ok(await t.watch.settled(2000), `${operation} went on after the deadline`);
        await t.reset();
        await use({});
      }
    },
  },
  {
    name: "sends nothing for a caller who has gone already",
    async run(t) {
      const uses = await Promise.all((await keyUses(t)).map(async ({ ready }) => ready()));
      const signal = AbortSignal.abort(new Error("the caller's own reason"));
      await t.silent(async () => {
        for (const use of uses) await t.refused(use({ signal }), "aborted");
      });
    },
  },
  {
    name: "lets go at once when the caller aborts",
    needs: ["fault"],
    async run(t) {
      for (const { operation, ready } of await keyUses(t)) {
        const use = await ready();
        await t.fault("hang", operation);
        const caller = new AbortController();
        const begun = t.watch.nextCall();
        const refused = t.refused(use({ signal: caller.signal, timeoutMs: 60_000 }), "aborted");
        await begun;
        const started = performance.now();
        caller.abort();
        await refused;
        assert.ok(performance.now() - started < atOnceMs, `${operation} went on`);
        assert.ok(await t.watch.settled(2000), `${operation} went on after the abort`);
        await t.reset();
        await use({});
      }
    },
  },
];

async function ridesOut(t: CaseRun, kind: "throttle" | "unavailable"): Promise<void> {
  for (const { operation, ready } of await keyUses(t)) {
    const use = await ready();
    await t.fault(kind, operation, 2);
    assert.deepEqual(await t.operationsOf(async () => use({})), [operation, operation, operation]);
  }
}
