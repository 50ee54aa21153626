import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { globSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type DevFile, devAdapters, readDevFile } from "@cmkit/cli";
import { envelope, fileDataKeyStore, type Kms, multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customerApp } from "../examples/fields-express/app.ts";
import { startPostgres } from "../examples/fields-express/postgres.ts";
import { createTable } from "../examples/fields-express/schema.ts";
import { type DevServer, startDev } from "./dev-server.ts";

const folder = fileURLToPath(new URL("../examples/fields-express/", import.meta.url));
const tokens = new Map([
  ["token-of-acme", "acme"],
  ["token-of-globex", "globex"],
]);
const ada = { email: "Ada@Example.com", phone: "+44 20 7946 0123", born: "1815-12-10" };
const grace = { email: "grace@example.org", phone: "+1 212 555 0198", born: "1906-12-09" };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

describe("the application of examples/fields-express", () => {
  let devServer: DevServer;
  let dev: DevFile;
  let kms: Kms;
  let directory: string;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let app: Server;

  beforeAll(async () => {
    devServer = await startDev();
    dev = await readDevFile(devServer.file);
    kms = multiCloudKms({ adapters: await devAdapters(devServer.file) });
    directory = await mkdtemp(`${tmpdir()}/cmkit-fields-`);
    postgres = await startPostgres(await mkdtemp(`${tmpdir()}/cmkit-postgres-`));
    await postgres.db.execute(createTable);
    app = await listen();
  }, 120_000);
  afterAll(async () => {
    app.close();
    await postgres.db.$client.end();
    await postgres.server.stop();
    await kms.close();
    await rm(directory, { recursive: true });
    await devServer[Symbol.asyncDispose]();
  }, 60_000);

  const resourceOf = (tenant: string): string => (tenant === "acme" ? dev.aws.keys.rsa4096 : dev.aws.keys.symmetric);

  /** All instances share the database and the data keys, as the processes of one service do. */
  async function listen(ttlMs?: number): Promise<Server> {
    const box = envelope({
      kms,
      cmk: (tenant) => ({ provider: "aws", resource: resourceOf(tenant) }),
      dataKeys: fileDataKeyStore(`${directory}/data-keys.jsonl`),
      recordKey: dev.recordKey,
      service: "crm",
      ...(ttlMs === undefined ? {} : { cache: { ttlMs } }),
    });
    const server = createServer(customerApp(postgres.db, box, tokens)).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  /** Sends a request; `body` is sent as it is where it is text. Looks through every refusal for what it must not say. */
  async function call(tenant: string, method: string, path: string, body?: unknown, server = app): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
      method,
      headers: { authorization: `Bearer token-of-${tenant}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.status >= 400 ? leaksIn(text) : []).toEqual([]);
    return { status: response.status, body: JSON.parse(text) };
  }

  /** Everything that anyone but the tenant must not be told. */
  function leaksIn(text: string): string[] {
    const plain = [ada, grace].flatMap((customer) => Object.values(customer));
    const recordKey = Buffer.from(dev.recordKey);
    const { credentials, controlToken } = dev.aws;
    const operators = [recordKey.toString("base64url"), recordKey.toString("hex"), credentials.secretAccessKey, controlToken];
    return [...plain, ...operators, ...tokens.keys(), "cmk1.", "arn:aws"].filter((secret) =>
      text.toLowerCase().includes(secret.toLowerCase()),
    );
  }

  async function created(tenant: string, customer: object, server = app): Promise<string> {
    const { status, body } = await call(tenant, "POST", "/customers", customer, server);
    expect(status).toBe(201);
    return (body as { id: string }).id;
  }

  const query = async (text: string, values: readonly string[] = []): Promise<unknown[]> =>
    (await postgres.db.$client.query(text, [...values])).rows;

  it("gives back what was stored, with its types", async () => {
    const id = await created("acme", ada);
    const { status, body } = await call("acme", "GET", `/customers/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({ id, tenant: "acme", ...ada, born: "1815-12-10T00:00:00.000Z" });

    const bare = await created("acme", { email: "bare@example.com" });
    const answer = await call("acme", "GET", `/customers/${bare}`);
    expect(answer.body).toEqual({ id: bare, tenant: "acme", email: "bare@example.com", phone: null, born: null });
  });

  it("finds customers by their e-mail in another spelling, and no others", async () => {
    const id = await created("acme", { ...ada, email: "Find.Me@Example.com" });
    await created("acme", { ...ada, email: "find.me.not@example.com" });
    const found = await call("acme", "POST", "/customers/search", { email: "  find.me@EXAMPLE.com " });
    expect(found.status).toBe(200);
    expect(found.body).toEqual([expect.objectContaining({ id, email: "Find.Me@Example.com" })]);
    expect((await call("acme", "POST", "/customers/search", { email: "nobody@example.com" })).body).toEqual([]);
  });

  it("does not take a candidate for a match", async () => {
    const [one, other] = [
      await created("acme", { email: "one@example.com" }),
      await created("acme", { email: "two@example.com" }),
    ];
    await query("update customers set email_index = (select email_index from customers where id = $1) where id = $2", [
      one,
      other,
    ]);
    const found = await call("acme", "POST", "/customers/search", { email: "one@example.com" });
    expect(found.body).toEqual([expect.objectContaining({ id: one })]);
  });

  it("shows the list masked", async () => {
    const id = await created("globex", grace);
    const { status, body } = await call("globex", "GET", "/customers");
    expect(status).toBe(200);
    expect(body).toContainEqual({ id, tenant: "globex", email: "g•••@example.org", phone: "•••98", born: "•••" });
    expect(leaksIn(JSON.stringify(body))).toEqual([]);
  });

  it("shows one tenant nothing of another", async () => {
    const id = await created("acme", { ...ada, email: "only.acme@example.com" });
    expect((await call("globex", "GET", `/customers/${id}`)).status).toBe(404);
    expect((await call("globex", "POST", "/customers/search", { email: "only.acme@example.com" })).body).toEqual([]);
    expect(JSON.stringify((await call("globex", "GET", "/customers")).body)).not.toContain(id);
  });

  it("refuses a row that was moved to another tenant, and a ciphertext that was moved to another tenant's row", async () => {
    const id = await created("acme", ada);
    const theirs = await created("globex", grace);
    await query("update customers set email = (select email from customers where id = $1) where id = $2", [id, theirs]);
    await expectRefused("unknown-data-key", "globex", theirs); // data keys are looked up by tenant
    await query("update customers set tenant = 'globex' where id = $1", [id]);
    await expectRefused("unknown-data-key", "globex", id);
    await query("delete from customers where id in ($1, $2)", [id, theirs]);
  });

  it("refuses values that were exchanged between rows or columns of one tenant", async () => {
    const [one, other] = [await created("acme", ada), await created("acme", grace)];
    await query("update customers set phone = (select phone from customers where id = $1) where id = $2", [one, other]);
    await expectRefused("decrypt-failed", "acme", other);
    await query("update customers set phone = email where id = $1", [one]);
    await expectRefused("decrypt-failed", "acme", one);
    await query("delete from customers where id in ($1, $2)", [one, other]);
  });

  async function expectRefused(code: string, tenant: string, id: string): Promise<void> {
    const { status, body } = await call(tenant, "GET", `/customers/${id}`);
    expect(status).toBe(422);
    expect(body).toEqual({ error: code, message: expect.stringContaining(`row "${id}"`) as string });
  }

  it("stores no plaintext, neither in PostgreSQL nor beside the data keys", async () => {
    await created("acme", ada);
    await created("globex", grace);
    const dump = JSON.stringify(await query("select customers::text as line from customers"));
    expect(dump.match(/cmk1\./g)?.length).toBeGreaterThanOrEqual(6);
    const stored = `${dump}${await readFile(`${directory}/data-keys.jsonl`, "utf8")}`.toLowerCase();
    const plain = [ada, grace].flatMap((customer) => Object.values(customer));
    for (const value of plain) {
      expect(stored).not.toContain(value.toLowerCase());
      expect(stored).not.toContain(Buffer.from(value).toString("hex"));
      expect(stored).not.toContain(Buffer.from(value).toString("base64url").toLowerCase());
    }
  });

  it.each([
    ["no JSON", `{"email":"${ada.email}" oops}`],
    ["no object", "[]"],
    ["nothing", undefined],
    ["no e-mail", { phone: ada.phone }],
    ["a number as e-mail", { ...ada, email: 17 }],
    ["text that is no Unicode", `{"email":"\\ud800${ada.email}"}`],
    ["no date", { ...ada, born: "yesterday" }],
    ["a number as date", { ...ada, born: 1815 }],
  ])("refuses %s as a customer", async (_what, body) => {
    expect(await call("acme", "POST", "/customers", body)).toEqual({ status: 400, body: { error: "Bad Request" } });
  });

  it("refuses a search for nothing, callers who are not signed in, and ids that are none", async () => {
    expect((await call("acme", "POST", "/customers/search", {})).status).toBe(400);
    expect((await call("acme", "POST", "/customers/search")).status).toBe(400);
    expect((await call("nobody", "GET", "/customers")).status).toBe(401);
    for (const id of ["1", "%00", crypto.randomUUID()]) {
      expect((await call("acme", "GET", `/customers/${id}`)).status).toBe(404);
    }
  });

  it("ends reading, writing and searching for a tenant that disables its key, and for no other", async () => {
    const shortLived = await listen(1500);
    const id = await created("acme", ada, shortLived);
    const theirs = await created("globex", grace, shortLived);
    const read = async (tenant: string, row: string): Promise<Answer> =>
      call(tenant, "GET", `/customers/${row}`, undefined, shortLived);
    expect((await read("acme", id)).status).toBe(200);

    const customer = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
    await customer.disableKey(resourceOf("acme"));
    try {
      let answer = await read("acme", id);
      while (answer.status === 200) answer = await read("acme", id); // the test's own time limit bounds it
      const refused = { error: "key-disabled", message: expect.any(String) as string };
      expect(answer).toEqual({ status: 422, body: refused });
      expect(await call("acme", "POST", "/customers", ada, shortLived)).toEqual({ status: 422, body: refused });
      expect(await call("acme", "POST", "/customers/search", ada, shortLived)).toEqual({ status: 422, body: refused });

      expect((await read("globex", theirs)).status).toBe(200);
      await created("globex", grace, shortLived);
    } finally {
      await customer.enableKey(resourceOf("acme"));
      shortLived.close();
    }
  });

  it("starts with one command, and leaves nothing behind", async () => {
    const home = await mkdtemp(`${tmpdir()}/cmkit-fields-main-`);
    await chmod(home, 0o711); // PostgreSQL, as a user of its own, has its directory in it
    const child = spawn(process.execPath, ["--conditions=@cmkit/source", `${folder}main.ts`, devServer.file], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: home },
    });
    const ended = once(child, "exit");
    try {
      const [url] = (await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended])) as [unknown];
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const headers = { authorization: "Bearer acme-demo", "content-type": "application/json" };
      const made = await fetch(`${String(url)}/customers`, { method: "POST", headers, body: JSON.stringify(ada) });
      expect(made.status).toBe(201);
      const list = await fetch(`${String(url)}/customers`, { headers });
      expect(await list.json()).toEqual([expect.objectContaining({ email: "A•••@Example.com" })]);
      expect(await readdir(home)).toHaveLength(2);
    } finally {
      child.kill("SIGINT");
      await ended;
    }
    expect(await readdir(home)).toEqual([]);
    await rm(home, { recursive: true });
  }, 120_000);
});

it("examples/fields-express has fewer than 150 lines", () => {
  const lines = globSync("*.ts", { cwd: folder }).map((name) => readFileSync(`${folder}${name}`, "utf8").split("\n").length - 1);
  expect(lines).toHaveLength(4);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(150);
});
