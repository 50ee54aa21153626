import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, test } from "vitest";
import { diagnosticsChannelName } from "../src/events.ts";
import type { Field } from "../src/field-options.ts";
import { SecretSearch } from "../src/testing/secret-search.ts";
import { recordKey, ttlMs } from "./envelope-world.ts";
import { FieldsWorld, fieldsOf, type AnyFields, type Row } from "./fields-world.ts";

const canary = "canary-of-ada-lovelace-4711";
const until = new Date(Date.UTC(2031, 0, 1));

class Leaky extends Error {
  override name: string = canary;
  readonly value: string = canary;
  constructor(message = canary) {
    super(message, { cause: new Error(canary) });
  }
}

function leak(): never {
  throw new Leaky();
}

/** Functions of an application that go wrong with the value in their hands. */
const bad: [string, (value: never) => never][] = [
  ["throws", leak],
  [
    "throws text",
    () => {
      throw canary;
    },
  ], // oxlint-disable-line no-throw-literal
  [
    "throws what throws",
    () => {
      throw Object.defineProperty(new Error("x"), "name", { get: leak });
    },
  ],
  [
    "throws a TypeError",
    () => {
      throw new TypeError(canary);
    },
  ],
  [
    "rejects",
    (async () => {
      throw new Leaky();
    }) as never,
  ],
  ["resolves", (async (value: string) => value) as never],
  ["gives an object", ((value: string) => ({ [value]: value })) as never],
  ["gives a number", (() => 4711) as never],
  ["gives nothing", (() => undefined) as never],
];

/** Rows with the canary where it does not belong. */
const badRows: Row[] = [
  { text: 5, note: canary },
  { text: Object(canary) },
  { text: `${canary}\ud800` },
  { size: canary },
  { paid: canary },
  { born: new Date(canary) },
  { born: canary },
  { photo: canary },
  { photo: Array.from(canary) },
  { tags: { [canary]: undefined } },
  { tags: { a: { [canary]: [1n] } } },
  { tags: { [canary]: { [`${canary}\ud800`]: 1 } } },
  { tags: new Map([[canary, canary]]) },
  { tags: Object.defineProperty({}, canary, { get: leak, enumerable: true }) },
  { tags: { a: new Proxy({}, { ownKeys: leak }) } },
  { tags: new Proxy({}, { getPrototypeOf: leak }) },
  { text: new Proxy({}, { getPrototypeOf: leak }) },
  { born: new Proxy({}, { getPrototypeOf: leak }) },
  { address: canary },
  { address: new Proxy({}, { getPrototypeOf: leak }) },
  { address: new Proxy({}, { has: leak }) },
  new Proxy({}, { has: leak }),
  new Proxy({}, { getPrototypeOf: leak }),
  Object.setPrototypeOf({}, new Proxy({}, { has: leak })) as Row,
  { address: [canary] },
  { address: { street: { [canary]: canary } } },
  { "address.street": canary },
  { [canary]: new Proxy({}, { ownKeys: leak }), text: { [canary]: 1 } },
  Object.defineProperty({ note: canary }, "text", { get: leak, enumerable: true }),
  new Proxy({ note: canary }, { ownKeys: leak }),
];

const fields: Record<string, Field> = {
  text: { index: "textIndex" },
  note: { padTo: 64 },
  size: { type: "number" },
  paid: { type: "boolean" },
  born: { type: "date" },
  photo: { type: "bytes" },
  tags: { type: "json" },
  "address.street": {},
};

/** What came out of errors and events, beside results. */
class Watch {
  readonly shown: unknown[] = [];
  async refused(run: Promise<unknown>): Promise<void> {
    const [result] = await Promise.allSettled([run]);
    this.shown.push(result.status === "rejected" ? result.reason : undefined);
  }
}

async function everyCall(watch: Watch, mine: AnyFields, row: Row): Promise<void> {
  await watch.refused(mine.encrypt(row));
  await watch.refused(mine.encrypt(row, { ifEncrypted: "keep" }));
  await watch.refused(mine.encryptMany([row]));
  await watch.refused(mine.decrypt(row));
  await watch.refused(mine.decrypt(row, { mask: true }));
  const settled = [...(await mine.encryptAllSettled([row])), ...(await mine.decryptAllSettled([row]))];
  for (const result of settled) watch.shown.push(result.status === "rejected" ? result.reason : undefined);
}

test("no error and no event shows a value, a key of a json value, an index, or what the application's functions threw", async () => {
  const secrets = new SecretSearch();
  secrets.addText("a value", canary);
  secrets.addText("what normalize gave", "4711");
  secrets.addBytes("the record key", recordKey);
  const world = new FieldsWorld({ fields });
  const published: unknown[] = [];
  const unhandled: unknown[] = [];
  const listen = (event: unknown): void => void published.push(event);
  const note = (reason: unknown): void => void unhandled.push(reason);
  subscribe(diagnosticsChannelName, listen);
  process.on("unhandledRejection", note);
  const watch = new Watch();
  const plain = fieldsOf(world.box, {
    fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, plain: { until } }])),
  });

  const good = { id: "r1", text: canary, note: canary, tags: { [canary]: [canary] }, address: { street: canary } };
  const sealed = await world.mine.encrypt(good);
  secrets.addText("an index", String(sealed["textIndex"]));
  for (const row of badRows)
    for (const mine of [world.mine, plain])
      await everyCall(watch, mine, Object.defineProperty(row, "id", { value: "r1", enumerable: true, configurable: true }));

  for (const [, act] of bad) {
    const normalizing = fieldsOf(world.box, { fields: { text: { index: "textIndex", normalize: act as never } } });
    await everyCall(watch, normalizing, good);
    await watch.refused(normalizing.index("text", canary));
    const masking = fieldsOf(world.box, { fields: { ...fields, text: { index: "textIndex", mask: act as never } } });
    await watch.refused(masking.decrypt(sealed, { mask: true }));
    await watch.refused(masking.decryptMany([sealed], { mask: true }));
  }

  for (const wrong of [
    { ...sealed, id: "r2" },
    { ...sealed, text: sealed["note"] },
    { ...sealed, text: String(sealed["text"]).slice(0, -4) },
    good,
  ]) {
    await watch.refused(world.mine.decrypt(wrong));
    await watch.refused(world.mine.encrypt(wrong, { ifEncrypted: "keep" }));
  }
  await watch.refused(fieldsOf(world.box, { fields: { text: { type: "number" } } }).decrypt(sealed));
  await watch.refused(world.mine.index("text", { [canary]: canary }));
  await watch.refused(world.mine.index(canary, canary));
  await watch.refused(world.mine.decrypt(sealed, { only: [canary] }));
  for (const code of ["key-disabled", "unavailable", "unknown", "bad-answer"] as const) {
    world.scripted.refuse(code);
    for (const run of [
      async (mine: AnyFields): Promise<unknown> => mine.encrypt(good),
      async (mine: AnyFields): Promise<unknown> => mine.decrypt(sealed),
      async (mine: AnyFields): Promise<unknown> => mine.index("text", canary),
    ])
      await watch.refused(world.settle(run(fieldsOf(world.another(), { fields }))));
    world.scripted.obey();
    await world.clock.advance(10_000);
  }
  await plain.decrypt(good);
  await world.clock.advance(ttlMs);
  await new Promise((resolve) => void setImmediate(resolve));
  unsubscribe(diagnosticsChannelName, listen);
  process.off("unhandledRejection", note);

  const errors = watch.shown.filter((each) => each !== undefined);
  expect(errors.length).toBeGreaterThan(200);
  expect(errors.filter((error) => !(error instanceof Error))).toEqual([]);
  expect(world.events.filter(({ type }) => type === "plain-read").length).toBeGreaterThan(0);
  expect(published.length).toBeGreaterThan(20);
  expect(unhandled).toEqual([]);
  expect(
    [...errors, ...world.events, ...published].flatMap((value) =>
      secrets.find(value) === undefined ? [] : [[secrets.find(value), (value as Error).stack]],
    ),
  ).toEqual([]);
  // A debugger may follow causes of ours; none of them holds a value, either.
  const causes = errors.flatMap((error) => causesOf(error));
  expect(causes.map((cause) => secrets.find(cause)).filter((found) => found !== undefined)).toEqual([]);
});

function causesOf(error: unknown): unknown[] {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? [] : [cause, ...causesOf(cause)];
}
