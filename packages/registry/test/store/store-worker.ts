import { parseArgs } from "node:util";

import { postgresStore } from "../../src/postgres.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { sampleCmk, sampleDataKey, sampleEntry, sampleProject } from "./sample-records.ts";

/** A store by its location, `sqlite:FILE` or a URL. */
export function openStore(location: string): RegistryStore {
  return location.startsWith("sqlite:") ? sqliteStore(location.slice("sqlite:".length)) : postgresStore(location);
}

/** What one process does beside others: prints the ids of the data keys that were acknowledged. */
async function work(store: RegistryStore, rounds: number): Promise<void> {
  const added: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const record = sampleDataKey();
    await store.write(async (tx) => {
      await tx.shareProject("acme");
      await tx.addDataKey(record);
    });
    added.push(Buffer.from(record.id).toString("hex"));
    await store.write(registerDefault);
  }
  console.log(JSON.stringify(added));
}

/** As the rules do it: one default at most, and an entry in the audit log. */
async function registerDefault(tx: RegistryWrites): Promise<void> {
  await tx.lockProject("acme");
  const before = (await tx.cmks("acme")).filter(({ record }) => record.isDefault);
  for (const { record, tag } of before) await tx.putCmk({ record: { ...record, isDefault: false }, tag });
  const cmk = sampleCmk({ isDefault: true });
  await tx.lockResource({ provider: cmk.record.provider, resource: cmk.record.keyResource });
  await tx.putCmk(cmk);
  const head = await tx.lockAudit();
  await tx.appendAudit(sampleEntry({ seq: (head?.seq ?? 0) + 1, subject: cmk.record.id }));
}

/** Ends inside a transaction, as the test kills it there. */
async function hang(store: RegistryStore): Promise<void> {
  await store.write(async (tx) => {
    await tx.lockProject("acme");
    await tx.putProject(sampleProject({ externalId: "half" }));
    await tx.putCmk(sampleCmk());
    console.log("inside");
    await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
  });
}

if (import.meta.main) {
  const { location, rounds } = parseArgs({ options: { location: { type: "string" }, rounds: { type: "string" } } }).values;
  const store = openStore(location ?? "");
  await (rounds === undefined ? hang(store) : work(store, Number(rounds)));
  await store.close();
}
