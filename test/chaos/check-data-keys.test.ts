import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { RegistryStore, RegistryWrites, WrapReplacement } from "@cmkit/registry";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { seededRandom } from "../soak/seeded-random.ts";
import { resourceOf } from "./chaos-cloud.ts";
import { checkDataKeys, type Expected } from "./check-data-keys.ts";
import { bystander, bystanderCmk, project, withChaos, type ChaosLayers, type ChaosSetUp } from "./open-chaos.ts";
import { stockUp, type Stock } from "./stock.ts";
import { clear, type Weather } from "./weather.ts";

const dataKeys = 120;
const directory = mkdtempSync(join(tmpdir(), "cmkit-chaos-check-"));
const original = join(directory, "original.db");
let stock: Stock;
let copies = 0;

function setUpOf(file: string): ChaosSetUp {
  return { directory, store: `sqlite:${file}`, dev: null, hasOperator: false };
}

/** A store with the stock, in a file of its own. */
function copied(): { readonly setUp: ChaosSetUp; readonly sql: (statement: string) => void } {
  copies += 1;
  const file = join(directory, `${copies}.db`);
  cpSync(original, file);
  const sql = (statement: string): void => {
    const db = new DatabaseSync(file);
    db.exec(statement);
    db.close();
  };
  return { setUp: setUpOf(file), sql };
}

async function problemsOf(setUp: ChaosSetUp, under?: Expected["under"]): Promise<readonly string[]> {
  const expected = { stock, acknowledged: [], ...(under && { under }) };
  return (await withChaos(setUp, async (opened) => checkDataKeys(opened, expected))).problems;
}

beforeAll(async () => {
  writeFileSync(join(directory, "record.key"), crypto.getRandomValues(new Uint8Array(32)));
  let weather: Weather = clear;
  const rotate = (): void => void (weather = { ...clear, versions: { source: 2 } });
  stock = await withChaos(
    setUpOf(original),
    async (opened) => {
      const source = { provider: "local", resource: resourceOf("source") };
      await opened.registry.register(project, { ...source, defaultCmk: true });
      await opened.registry.register(project, { provider: "local", resource: resourceOf("rival") });
      await opened.registry.register(bystander, { ...bystanderCmk, defaultCmk: true });
      return stockUp(opened, { source, bystander: bystanderCmk }, dataKeys, seededRandom(1), rotate);
    },
    { forecast: () => weather },
  );
});

afterAll(() => rmSync(directory, { recursive: true }));

describe("what chaos looks at afterwards", () => {
  it("is well when nothing has happened, and opens every data key", async () => {
    const { setUp } = copied();
    const checked = await withChaos(setUp, async (opened) => checkDataKeys(opened, { stock, acknowledged: [] }));
    expect(checked).toEqual({ opened: dataKeys, problems: [] });
  });

  const one = `id = (select min(id) from cmkit_data_keys where project = '${project}' and service = 'mail')`;
  const other = `(select wrapped from cmkit_data_keys where project = '${project}' and service = 'mail' order by id desc limit 1)`;
  it.each([
    ["a row that is gone", `delete from cmkit_data_keys where ${one}`, /is lost/],
    [
      "a wrap of another data key",
      `update cmkit_data_keys set wrapped = ${other} where ${one}`,
      /does not open|another data key/,
    ],
    ["a row that names another key", `update cmkit_data_keys set resource = 'local:rival' where ${one}`, /does not open/],
    ["a row that names another version", `update cmkit_data_keys set key_version = '3' where ${one}`, /does not open/],
    [
      "a key that the project does not have",
      `update cmkit_data_keys set resource = 'local:target' where ${one}`,
      /no key of the/,
    ],
    ["another label", `update cmkit_data_keys set service = 'other' where ${one}`, /another than it was/],
    ["another project's row", `update cmkit_data_keys set service = 'other' where project = '${bystander}'`, /another project/],
    ["a balance that somebody wrote", `update cmkit_balances set made = made + 1`, /bad-record/],
    ["a balance that is gone", `delete from cmkit_balances where key_version = '1'`, /the balances say 0/],
    ["an audit log that was cut", `update cmkit_audit set actor = 'nobody'`, /audit log is broken/],
  ])("notices %s", async (_what, statement, expected) => {
    const { setUp, sql } = copied();
    sql(statement);
    expect(await problemsOf(setUp)).toContainEqual(expect.stringMatching(expected));
  });
});

/** What a store that errs does with the wraps that it is given. */
type Sabotage = (replacements: readonly WrapReplacement[], tx: RegistryWrites) => readonly WrapReplacement[];

function sabotaged(store: RegistryStore, sabotage: Sabotage): RegistryStore {
  const bad = (tx: RegistryWrites): RegistryWrites =>
    Object.assign(Object.create(tx) as RegistryWrites, {
      replaceWraps: async (name: string, given: readonly WrapReplacement[]) => {
        const replacements = sabotage(given, tx);
        await tx.replaceWraps(name, replacements);
        return given.map(({ id }) => id);
      },
    });
  return Object.assign(Object.create(store) as RegistryStore, {
    write: async (work: (tx: RegistryWrites) => Promise<unknown>, options?: object) =>
      store.write(async (tx) => work(bad(tx)), options),
    claimDataKeys: async (...[claim, work, options]: Parameters<RegistryStore["claimDataKeys"]>) =>
      store.claimDataKeys(
        claim,
        async (...given) => {
          const then = await work(...given);
          return async (tx) => then(bad(tx));
        },
        options,
      ),
  });
}

describe("a rewrap", () => {
  async function rewrapped(layers: ChaosLayers): Promise<readonly string[]> {
    const { setUp } = copied();
    const under = await withChaos(
      setUp,
      async ({ registry }) => {
        const [source, rival] = await registry.list(project);
        if (source === undefined || rival === undefined) throw new TypeError("expected two CMKs");
        await registry.rewrap(project, { from: source.id, to: rival.id });
        return { id: rival.id };
      },
      layers,
    );
    return problemsOf(setUp, under);
  }

  it("leaves every data key under the target", async () => {
    expect(await rewrapped({})).toEqual([]);
  });

  const first = (sabotage: (given: WrapReplacement) => readonly WrapReplacement[]): Sabotage => {
    let isDone = false;
    return (given) => {
      const [bad, ...rest] = given;
      if (isDone || bad === undefined) return given;
      isDone = true;
      return [...sabotage(bad), ...rest];
    };
  };
  it.each<[string, Sabotage, RegExp]>([
    [
      "puts a wrap of another data key into a row",
      (given) => given.map((each, at) => ({ ...each, after: given[(at + 1) % given.length]?.after ?? each.after })),
      /does not open|another data key/,
    ],
    [
      "writes the old bytes under the new name",
      first((given) => [{ ...given, after: { ...given.after, bytes: given.before.bytes } }]),
      /does not open: decrypt-failed/,
    ],
    ["says that it has replaced what it left", first(() => []), /is still under|the balances say/],
  ])("that %s is noticed", async (_what, sabotage, expected) => {
    const problems = await rewrapped({ store: (store) => sabotaged(store, sabotage) });
    expect(problems).toContainEqual(expect.stringMatching(expected));
  });
});
