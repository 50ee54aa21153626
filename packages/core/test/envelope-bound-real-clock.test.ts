import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { memoryDataKeyStore } from "../src/data-key-store.ts";
import { envelope, type Envelope } from "../src/envelope.ts";
import { fieldEncryption } from "../src/field-encryption.ts";
import { isKmsError, type KmsErrorCode } from "../src/kms-error.ts";
import { multiCloudKms } from "../src/kms.ts";
import { ScriptedKms } from "./envelope-kms.ts";
import { bytes, keyA } from "./envelope-world.ts";

// The same bound by this machine's own clock. It says when something was begun that should not have been: a machine that is
// slow can only make it miss something.

const ttlMs = 2000;
const lengthMs = 15_000;
const content = bytes("a");
const ends = ["key-disabled", "access-denied", "key-destroyed", "unavailable"] as const;

/** A tenant whose KMS answers until a moment, and what was done for it. */
class Tenant {
  readonly name: string;
  readonly end: KmsErrorCode | undefined;
  readonly endMs: number;
  /** When the last question came that the KMS answered. */
  answeredMs = 0;
  done = 0;
  last = "";
  readonly late: string[] = [];

  constructor(index: number) {
    this.name = `tenant-${index}`;
    this.end = index === 0 ? undefined : ends[index % ends.length];
    // What cannot be answered any more may be used to its TTL: at the end, all that is over.
    this.endMs = Math.random() * (lengthMs - ttlMs);
  }

  codeAt(ms: number): KmsErrorCode | undefined {
    if (this.end !== undefined && ms >= this.endMs) return this.end;
    this.answeredMs = ms;
    return undefined;
  }

  async tries(elapsed: () => number, act: () => unknown): Promise<void> {
    const begun = elapsed();
    try {
      await act();
      this.done += 1;
      if (begun - this.answeredMs >= ttlMs) this.late.push(`${begun - this.answeredMs} ms after the KMS answered`);
      this.last = "ok";
    } catch (error) {
      if (!isKmsError(error)) throw error;
      this.last = error.code;
    }
  }
}

type Act = (box: Envelope, tenant: string, sealed: Uint8Array) => unknown;

const acts: Readonly<Record<string, Act>> = {
  open: async (box, tenant, sealed) => box.open(sealed, { tenant }),
  seal: async (box, tenant) => box.seal(content, { tenant }),
  index: async (box, tenant) => {
    const pii = fieldEncryption({ envelope: box, table: "t", rowId: "id", fields: { email: { index: "i" } } });
    return pii.for(tenant).index("email", "a");
  },
};

test("for 15 s with a TTL of 2 s nothing is begun more than 2 s after the KMS answered, whatever is used how often", async () => {
  const dataKeys = memoryDataKeyStore();
  const startMs = performance.now();
  const elapsed = (): number => performance.now() - startMs;
  const open = (tenants: readonly Tenant[]): Envelope => {
    const scripted = new ScriptedKms();
    scripted.script = ({ tenant }) => tenants.find(({ name }) => name === tenant)?.codeAt(elapsed());
    const kms = multiCloudKms({ adapters: [scripted.adapter()] });
    return envelope({ kms, cmk: () => keyA, dataKeys, service: "test", cache: { ttlMs } });
  };
  // A process for each act: what one asks the KMS says nothing about the others.
  const parts = Object.entries(acts).map(([what, act]) => {
    const tenants = Array.from({ length: 9 }, (_, index) => new Tenant(index));
    return { what, act, tenants, box: open(tenants) };
  });
  const writer = open([]);
  const sealed = new Map<string, Uint8Array>();
  for (const { name } of parts[0]?.tenants ?? []) sealed.set(name, await writer.seal(content, { tenant: name }));

  const begun: Promise<void>[] = [];
  const round = async (isDue: (index: number) => boolean): Promise<void> => {
    for (const { act, tenants, box } of parts) {
      for (const tenant of tenants.filter((_, index) => isDue(index))) {
        const message = sealed.get(tenant.name) ?? content;
        const done = tenant.tries(elapsed, async () => act(box, tenant.name, message));
        // What cannot be answered is tried for a while: nobody waits for that.
        if (tenant.last === "ok") await done;
        else begun.push(done);
      }
    }
  };
  for (let made = 0; elapsed() < lengthMs; made += 1) {
    await round((index) => made % (1 + 10 * index) === 0); // from all the time to about every 2 s
    await pause(25);
  }
  await Promise.all(begun);
  await round(() => true);
  await Promise.all(begun);
  for (const { what, tenants } of parts) {
    for (const { name, end, last, late } of tenants) {
      // An outage may also end in a timeout.
      expect({ what, name, late, last: end === "unavailable" && last === "timeout" ? end : last }).toEqual({
        what,
        name,
        late: [],
        last: end ?? "ok",
      });
    }
    expect(tenants.reduce((sum, { done }) => sum + done, 0)).toBeGreaterThan(50);
  }
}, 60_000);
