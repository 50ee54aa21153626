import { expect, test } from "vitest";

import { resignRecords } from "../src/resign-records.ts";
import { attackedStore } from "./audit-database.ts";
import { both, current, populate, previous, processOf, rewrapAll } from "./resign-world.ts";

test("rewraps and balances are told, proven and changed under the new key, also in a project that has nothing else", async () => {
  const { store, sql } = attackedStore();
  const witness = await populate(store);
  const shown = await rewrapAll(store, "acme");
  await rewrapAll(store, "globex");
  // Somebody took a customer's rows out, but for these.
  for (const table of ["cmks", "data_keys"]) sql(`delete from cmkit_${table} where project = 'globex'`);
  sql("delete from cmkit_projects where name = 'globex'");
  expect(await resignRecords({ store, recordKey: both })).toMatchObject({ projects: 1, cmks: 2, rewraps: 2, balances: 4 });
  const { registry, fields } = processOf(store, current);
  const [old, next] = await registry.list("acme");
  expect([old, next]).toEqual(shown.cmks[0]);
  expect(await registry.rewrapProgress("acme", old?.id ?? "")).toMatchObject({ state: "done", remaining: 0 });
  expect(await registry.retire("acme", old?.id ?? "")).toMatchObject({ versions: [{ made: 2, rewrappedOut: 2 }] });
  const sealed = witness.rows.get("acme");
  expect(sealed && (await fields.for("acme").decrypt(sealed))).toMatchObject({ email: "ada@example.com" });
  await fields.for("acme").encrypt({ id: 2, email: "bob@example.com" }); // one more under the key that both moved to
  const made = (await store.reads.balances("acme")).map(({ record }) => [record.resource, record.made, record.rewrappedIn]);
  expect(made).toEqual([
    ["local:main", 2, 0],
    ["local:second", 1, 2],
  ]);
  const opened = async (): Promise<unknown> => processOf(store, previous).registry.rewrapProgress("acme", old?.id ?? "");
  await expect(opened()).rejects.toMatchObject({ code: "bad-record" });
});

test("projects that never brought a CMK keep what is sealed under the operator's", async () => {
  const { store } = attackedStore();
  const operatorCmk = { provider: "local", resource: "local:main" };
  const place = { tenant: "umbrella", path: ["notes", "1"] };
  const sealed = await processOf(store, previous, { operatorCmk }).envelope.seal(new Uint8Array([7]), place);
  expect(await resignRecords({ store, recordKey: both })).toMatchObject({ dataKeys: 1 });
  expect(await processOf(store, current, { operatorCmk }).envelope.open(sealed, place)).toEqual(new Uint8Array([7]));
});
