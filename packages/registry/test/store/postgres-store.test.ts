import { inspect } from "node:util";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { postgresStore, type PostgresStoreOptions } from "../../src/postgres.ts";
import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { postgresClaims } from "./postgres-claims.ts";
import { postgresPurges } from "./postgres-purges.ts";
import { startPostgres, usePostgres, type OwnPostgres } from "./postgres-server.ts";
import { sampleDataKey, sampleKey, sampleProject } from "./sample-records.ts";
import { sharedStoreSuite } from "./shared-store-suite.ts";
import type { StorePlace } from "./store-place.ts";
import { storeSuite } from "./store-suite.ts";

let server: OwnPostgres;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => server.close());

/** How many rows the server itself has of what it knows. */
async function counted(from: string): Promise<number> {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  const { rows } = await admin.query<{ count: number }>(`select count(*)::int as count from ${from}`);
  await admin.end();
  return rows[0]?.count ?? Number.NaN;
}

storeSuite("PostgreSQL", async (options) => server.makePlace(options));
sharedStoreSuite("PostgreSQL", async (options) => server.makePlace(options), 10);

const other = process.env["CMKIT_TEST_POSTGRES"];
if (other === undefined || other === "") {
  console.log("left out: the store suite on another PostgreSQL, whose URL CMKIT_TEST_POSTGRES would be");
} else {
  const another = usePostgres(other);
  afterAll(async () => another.close());
  storeSuite("another PostgreSQL", another.makePlace);
  sharedStoreSuite("another PostgreSQL", another.makePlace, 2);
}

describe("a store in PostgreSQL", () => {
  let place: StorePlace;
  let stores: RegistryStore[];
  const open = (options?: PostgresStoreOptions): RegistryStore => {
    const store = options === undefined ? place.open() : postgresStore(place.location, options);
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    stores = [];
    place = await server.makePlace();
  });
  afterEach(async () => {
    await Promise.all(stores.map(async (store) => store.close()));
    await place.remove();
  });

  postgresClaims({ open, counted });
  postgresPurges({
    open,
    byHand: async (sql) => place.byHand(sql),
    get url(): string {
      return server.url;
    },
  });

  it("lets two share a project at once, and another project's writer go ahead", async () => {
    const [first, second] = [open(), open()];
    const [firstInside, secondInside] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const both = first.write(async (tx) => {
      await tx.shareProject("acme");
      await second.write(async (other) => other.lockProject("other"));
      firstInside.resolve();
      await secondInside.promise;
    });
    await firstInside.promise;
    await second.write(async (tx) => {
      await tx.shareProject("acme");
      secondInside.resolve();
    });
    await both;
  });

  it("runs work again that PostgreSQL rolled back to end a deadlock", async () => {
    const store = open();
    await store.ready();
    let runs = 0;
    const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const lockBoth = async (first: string, second: string, mine: () => void, theirs: Promise<void>): Promise<void> =>
      store.write(async (tx) => {
        runs += 1;
        await tx.lockProject(first); // against the order that the contract asks for
        mine();
        await theirs;
        await tx.lockProject(second);
        await tx.putProject(sampleProject({ name: `${first} ${second}` }));
      });
    await Promise.all([lockBoth("a", "b", one.resolve, two.promise), lockBoth("b", "a", two.resolve, one.promise)]);
    expect(runs).toBe(3);
    expect(await store.reads.projects({ limit: 9 })).toEqual(["a b", "b a"]);
  });

  it("is refused on a read-only server, and by a wrong password, without a word of either", async () => {
    const secret = "hunter2-is-secret";
    const readOnly = postgresStore(`${place.location}%20-c%20default_transaction_read_only%3Don`);
    const wrong = postgresStore(server.url.replace(/:[^:@/]*@/, `:${secret}@`));
    const nobody = postgresStore(server.url.replace(/:[^:@/]*@localhost:\d+/, `:${secret}@localhost:1`));
    for (const [store, words] of [
      [readOnly, "read-only"],
      [wrong, "login"],
      [nobody, "cannot be reached"],
    ] as const) {
      const error: unknown = await store.write(async (tx) => tx.putProject(sampleProject())).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "store-unavailable", message: expect.stringContaining(words) as string });
      expect(inspect(error) + inspect((error as Error).cause)).not.toContain(secret);
      await store.close();
    }
  });

  it("over TLS trusts nobody but the authority that it was given, for the name that it asked", async () => {
    const trusted = `sslrootcert=${encodeURIComponent(server.caFile)}`;
    const url = (host: string, parameters: string): string =>
      `${place.location.replace("@localhost:", `@${host}:`)}&application_name=over-tls&sslmode=verify-full&${parameters}`;
    const store = postgresStore(url("localhost", trusted));
    await store.ready();
    const admin = new Client({ connectionString: server.url });
    await admin.connect();
    const question = "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'over-tls'";
    expect((await admin.query(question)).rows).toEqual([{ ssl: true }]);
    await admin.end();
    await store.close();
    for (const [host, parameters] of [
      ["localhost", ""],
      ["127.0.0.1", trusted],
    ] as const) {
      const distrustful = postgresStore(url(host, parameters));
      const refusal = { code: "store-unavailable", message: expect.stringContaining("certificate") as string };
      await expect(distrustful.ready()).rejects.toMatchObject(refusal);
      await distrustful.close();
    }
  });

  it("asks for the password at each connection where it is given as a function", async () => {
    const { password } = new URL(server.url);
    let asked = 0;
    const store = postgresStore(server.url.replace(`:${password}@`, "@").replace(/$/, new URL(place.location).search), {
      password: async () => ((asked += 1), decodeURIComponent(password)),
    });
    await store.ready();
    expect(asked).toBeGreaterThan(0);
    await store.close();
  });

  it("takes nothing from PG… environment variables", async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      PGHOST: "192.0.2.1",
      PGPORT: "1",
      PGUSER: "x",
      PGDATABASE: "x",
      PGPASSWORD: "x",
      PGSSLMODE: "require",
      PGOPTIONS: "-c nonsense=1",
    });
    try {
      await open().ready();
    } finally {
      process.env = before;
    }
  });

  it.each([2, 5])("uses no more connections than it may, however many ask, and none once it is closed: %i", async (most) => {
    const url = `${place.location}&application_name=bounded`;
    const store = postgresStore(url, { maxConnections: most });
    const open = async (): Promise<number> => counted("pg_stat_activity where application_name = 'bounded'");
    const asks = Array.from({ length: 40 }, async () => {
      await store.write(async (tx) => tx.addDataKey(sampleDataKey()));
      await store.reads.cmks("acme");
    });
    await Promise.all(asks);
    expect(await open()).toBe(most);
    expect(await store.reads.countDataKeys("acme", sampleKey)).toBe(40);
    await store.close();
    while ((await open()) > 0); // PostgreSQL notices a little later
  });

  /** Somebody who holds a project's lock until told otherwise. */
  const heldProject = async (): Promise<{ release: () => Promise<void> }> => {
    const [inside, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holder = open().write(async (tx) => {
      await tx.lockProject("acme");
      inside.resolve();
      await gate.promise;
    });
    await inside.promise;
    return { release: async () => (gate.resolve(), holder) };
  };
  const untilWaiting = async (count: number): Promise<void> => {
    while ((await counted("pg_locks where locktype = 'advisory' and not granted")) < count);
  };

  it("reads although as many writers as there may be wait for a lock", async () => {
    const store = open();
    const { release } = await heldProject();
    const writers = Array.from({ length: 10 }, async () => store.write(async (tx) => tx.lockProject("acme")));
    await untilWaiting(5); // of ten connections
    await store.ready();
    expect(await store.reads.cmks("other")).toEqual([]);
    await release();
    await Promise.all(writers);
  });

  it("writes to other projects although many writers wait for the lock of one, and forgets those who wait no longer", async () => {
    const store = open();
    const { release } = await heldProject();
    const wrote: number[] = [];
    const abort = new AbortController();
    const writers = Array.from({ length: 10 }, async (_, n) => {
      const work = async (tx: RegistryWrites): Promise<void> => {
        await tx.lockProject("acme");
        wrote.push(n);
      };
      return store.write(work, { project: "acme", ...(n === 5 && { signal: abort.signal }) });
    });
    const ended = Promise.allSettled(writers);
    await untilWaiting(2); // and no more of one project
    for (const project of ["other", "another"]) await store.write(async (tx) => tx.lockProject(project), { project });
    await store.write(async (tx) => tx.putProject(sampleProject()));
    const reason = new Error("the caller's");
    abort.abort(reason);
    await expect(writers[5]).rejects.toBe(reason); // while the lock is still held
    expect(await counted("pg_locks where locktype = 'advisory' and not granted")).toBe(2);
    await release();
    expect((await ended).filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    expect(new Set(wrote)).toEqual(new Set([0, 1, 2, 3, 4, 6, 7, 8, 9]));
  });

  it("uses a schema whose neighbour holds a store too", async () => {
    await open().write(async (tx) => tx.putProject(sampleProject()));
    const neighbour = await server.makePlace();
    const store = neighbour.open();
    expect(await store.reads.projects({ limit: 9 })).toEqual([]);
    await store.close();
    await neighbour.remove();
  });

  it("is store-unavailable while the server is away, inside a transaction too, and comes back with it", async () => {
    const store = open();
    const everyConnection = async (): Promise<void> => {
      const read = Array.from({ length: 10 }, async () => store.reads.cmks("acme"));
      const written = Array.from({ length: 10 }, async () => store.write(async (tx) => tx.addDataKey(sampleDataKey())));
      await Promise.all([...read, ...written]);
    };
    await everyConnection();
    const inside = Promise.withResolvers<void>();
    const away = Promise.withResolvers<void>();
    const cutOff = store
      .write(async (tx) => {
        await tx.putProject(sampleProject());
        inside.resolve();
        await away.promise;
        await tx.putProject(sampleProject({ name: "more" }));
      })
      .catch((reason: unknown) => reason);
    await inside.promise;
    await server.stop();
    away.resolve();
    expect(await cutOff).toMatchObject({ code: "store-unavailable" });
    await expect(store.ready()).rejects.toMatchObject({ code: "store-unavailable", retryable: true });
    await expect(store.write(async (tx) => tx.putProject(sampleProject()))).rejects.toMatchObject({ code: "store-unavailable" });
    await server.start();
    await store.ready();
    expect(await store.reads.countDataKeys("acme", sampleKey)).toBe(10);
    expect(await store.reads.project("acme")).toBeUndefined();
    await everyConnection();
  });
});
