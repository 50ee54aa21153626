import { describe, expect, it } from "vitest";

import { api, cmks, refusalOf, resource, type Api, type Answer } from "./api.ts";

const cmk = { provider: "aws", resource };
const sql = "arn:'; drop table cmks; --";

async function create(body: unknown, to: Api = api()): Promise<Answer> {
  return to.ask("POST", cmks, { body });
}

function streamed(body: ReadableStream<Uint8Array>, headers: Readonly<Record<string, string>>): Request {
  const init = { method: "POST", body, headers, duplex: "half" as const };
  return new Request(`http://host${cmks}`, init);
}

describe("a body for create", () => {
  it.each([
    ["no body", undefined, "provider"],
    ["an empty body", "", "provider"],
    ["no field", {}, "provider"],
    ["no provider", { resource }, "provider"],
    ["no resource", { provider: "aws" }, "resource"],
    ["an unknown provider", { ...cmk, provider: "ibm" }, "provider"],
    ["the provider local", { ...cmk, provider: "local" }, "provider"],
    ["a provider in capitals", { ...cmk, provider: "AWS" }, "provider"],
    ["a provider that is an object's own name", { ...cmk, provider: "constructor" }, "provider"],
    ["a number as provider", { ...cmk, provider: 1 }, "provider"],
    ["an array as provider", { ...cmk, provider: ["aws"] }, "provider"],
    ["null as provider", { ...cmk, provider: null }, "provider"],
    ["an empty resource", { ...cmk, resource: "" }, "resource"],
    ["a resource of 513 characters", { ...cmk, resource: `arn:${"x".repeat(509)}` }, "resource"],
    ["a number as resource", { ...cmk, resource: 7 }, "resource"],
    ["an object as resource", { ...cmk, resource: { toString: "x" } }, "resource"],
    ["null as resource", { ...cmk, resource: null }, "resource"],
    ["a string as default_cmk", { ...cmk, default_cmk: "true" }, "default_cmk"],
    ["a number as default_cmk", { ...cmk, default_cmk: 1 }, "default_cmk"],
    ["null as default_cmk", { ...cmk, default_cmk: null }, "default_cmk"],
    ["a field too many", { ...cmk, project: "globex" }, '"project"'],
    ["an id of the caller's", { ...cmk, id: "00000000-0000-4000-8000-000000000000" }, '"id"'],
    ["the field of update", { ...cmk, status: "old" }, '"status"'],
    ["a prototype", '{"provider":"aws","resource":"arn:x","__proto__":{"default_cmk":true}}', '"__proto__"'],
    ["a constructor", '{"provider":"aws","resource":"arn:x","constructor":{}}', '"constructor"'],
    ["an array", [cmk], "object"],
    ["a string", '"aws"', "object"],
    ["null", "null", "object"],
    ["true", "true", "object"],
    ["half an object", '{"provider":', "JSON"],
    ["two objects", "{}{}", "JSON"],
    ["a form", "provider=aws&resource=x", "JSON"],
    ["a comment", '{/* */"provider":"aws"}', "JSON"],
    ["white space", " ", "JSON"],
    ["deep arrays", `${"[".repeat(30_000)}${"]".repeat(30_000)}`, "object"],
    ["deep objects", `${'{"provider":'.repeat(5000)}1${"}".repeat(5000)}`, "provider"],
    ["deep arrays that do not end", "[".repeat(60_000), "JSON"],
  ])("with %s is 400 that names what is wrong", async (_what, body, named) => {
    const to = api();
    const { status, code, message } = refusalOf(await create(body, to));
    expect({ status, code }).toEqual({ status: 400, code: "invalid-request" });
    expect(message).toContain(named);
    expect(message.length).toBeLessThan(200);
    expect(to.registry.calls).toEqual([]);
  });

  it.each([
    ["a slash", "arn:a/b"],
    ["the longest resource", `arn:${"x".repeat(508)}`],
    ["SQL", sql],
    ["a NUL", "arn:\u0000"],
    ["half a character", "arn:\ud800"],
  ])("with %s as resource reaches the registry as it is", async (_what, text) => {
    const to = api();
    expect((await create({ ...cmk, resource: text }, to)).status).toBe(201);
    expect(to.registry.rows).toMatchObject([{ resource: text }]);
  });

  it("with a field twice counts the last, as JSON.parse does", async () => {
    const { json } = await create('{"provider":"gcp","provider":"aws","resource":"arn:1","resource":"arn:2"}');
    expect(json).toMatchObject({ cmk: { provider: "aws", resource: "arn:2" } });
  });

  it("never comes back: not the field's value, and of a long field's name not the end", async () => {
    const value = await create({ ...cmk, resource: 1, provider: "sesame-open" });
    expect(value.text).not.toContain("sesame");
    const name = await create({ ...cmk, [`${"x".repeat(64)}sesame`]: 1 });
    expect(name.status).toBe(400);
    expect(name.text).not.toContain("sesame");
  });

  it.each([
    undefined,
    "application/json",
    "text/plain",
    "application/octet-stream",
    "application/xml",
    "nonsense",
    "application/json; charset=utf-16",
  ])("is read as JSON whatever its content type says: %s", async (type) => {
    const headers = type === undefined ? {} : { "content-type": type };
    expect((await api().ask("POST", cmks, { body: cmk, headers })).status).toBe(201);
  });

  it("that is not UTF-8 is 400", async () => {
    const { app } = api();
    const body = new Uint8Array([...Buffer.from('{"provider":"aws","resource":"arn:'), 0xff, ...Buffer.from('"}')]);
    const request = new Request(`http://host${cmks}`, { method: "POST", body, headers: { authorization: "Bearer operator" } });
    expect((await app.fetch(request)).status).toBe(400);
  });
});

describe("a body that is too large", () => {
  const padded = (bytes: number): string => {
    const text = JSON.stringify(cmk);
    return text + " ".repeat(bytes - text.length);
  };

  it("begins at one byte above 64 KiB", async () => {
    expect((await create(padded(65_536))).status).toBe(201);
    expect(refusalOf(await create(padded(65_537)))).toMatchObject({ status: 413, code: "too-large" });
    expect(refusalOf(await create(padded(10_000_000)))).toMatchObject({ status: 413, code: "too-large" });
  });

  it.each(["POST", "DELETE"])("is refused wherever one is read: %s", async (method) => {
    const to = api();
    const id = await to.create();
    const body = padded(65_537);
    expect((await to.ask(method, `${cmks}/${id}`, { body })).status).toBe(413);
  });

  it("is refused by what it says before it is read", async () => {
    expect((await api().ask("POST", cmks, { body: cmk, headers: { "content-length": "65537" } })).status).toBe(413);
  });

  it.each([undefined, "10", "-1", "x"])("is counted, not believed, and read no further: content-length %s", async (length) => {
    const { app } = api();
    let read = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        read += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    const headers = { authorization: "Bearer operator", ...(length === undefined ? {} : { "content-length": length }) };
    const answer = await app.fetch(streamed(body, headers));
    expect(answer.status).toBe(413);
    expect(cancelled).toBe(true);
    expect(read).toBeLessThan(200_000);
  });

  it("that is cut off is 400, not 500", async () => {
    const { app } = api();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("connection reset"));
      },
    });
    const headers = { authorization: "Bearer operator" };
    const answer = await app.fetch(streamed(body, headers));
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain("reset");
  });

  it("that somebody else has read is 400, not a change that is answered and not made", async () => {
    const to = api();
    const path = `${cmks}/${await to.create()}`;
    const answer = await to.ask("POST", path, { headers: { "content-length": "20" } });
    expect(refusalOf(answer)).toMatchObject({ status: 400, code: "invalid-request" });
    expect((await to.ask("POST", path, { headers: { "content-length": "0" } })).status).toBe(200);
  });

  it("is not read at all for a token that is wrong, does not reach the project, or may not", async () => {
    for (const [token, status] of [
      ["wrong", 401],
      ["other", 404],
      ["viewer", 403],
    ] as const) {
      const { app } = api();
      const body = new ReadableStream<Uint8Array>(
        {
          pull() {
            throw new Error("the body was read");
          },
        },
        { highWaterMark: 0 },
      );
      const headers = { authorization: `Bearer ${token}` };
      const answer = await app.fetch(streamed(body, headers));
      expect(answer.status).toBe(status);
    }
  });
});

describe("a body for update", () => {
  it.each([
    [{ default_cmk: "true" }, "default_cmk"],
    [{ default_cmk: null }, "default_cmk"],
    [{ status: "deleted" }, "status"],
    [{ status: "new" }, "status"],
    [{ status: true }, "status"],
    [{ resource }, '"resource"'],
    [{ default_cmk: true, x: 1 }, '"x"'],
    [[], "object"],
    ["null", "object"],
  ])("%j is 400", async (body, named) => {
    const to = api();
    const id = await to.create();
    const refused = refusalOf(await to.ask("POST", `${cmks}/${id}`, { body }));
    expect(refused).toMatchObject({ status: 400, code: "invalid-request", message: expect.stringContaining(named) });
  });

  it("that is not valid in the rules' eyes is what they say", async () => {
    const to = api();
    const id = await to.create();
    const old = refusalOf(await to.ask("POST", `${cmks}/${id}`, { body: { default_cmk: true, status: "old" } }));
    expect(old).toMatchObject({ status: 400, code: "invalid-request" });
    await to.ask("POST", `${cmks}/${id}`, { body: { default_cmk: true } });
    expect(refusalOf(await to.ask("POST", `${cmks}/${id}`, { body: { status: "old" } }))).toMatchObject({
      status: 409,
      code: "in-use",
    });
  });
});

describe("a body where none belongs", () => {
  it.each([
    ["DELETE", "", { force: true }],
    ["POST", "/access_check", { cmk: "x" }],
  ])("is 400 unless it is an empty object: %s %s", async (method, end, body) => {
    const to = api();
    const path = `${cmks}/${await to.create()}${end}`;
    expect(refusalOf(await to.ask(method, path, { body }))).toMatchObject({ status: 400, code: "invalid-request" });
    expect((await to.ask(method, path, { body: "{}" })).status).toBe(200);
  });
});

describe("a query", () => {
  it.each([
    ["GET", "?status=", "status"],
    ["GET", "?status=all", "status"],
    ["GET", "?status=current&status=deleted", "status"],
    ["GET", "?status=__proto__", "status"],
    ["DELETE", "?force", "force"],
    ["DELETE", "?force=1", "force"],
    ["DELETE", "?force=true&force=false", "force"],
  ])("with a wrong value is 400: %s %s", async (method, query, named) => {
    const to = api();
    const path = method === "GET" ? cmks : `${cmks}/${await to.create()}`;
    const refused = refusalOf(await to.ask(method, `${path}${query}`));
    expect(refused).toMatchObject({ status: 400, code: "invalid-request", message: expect.stringContaining(named) });
  });

  it.each(["?limit=999", "?x=%00&y=%zz&z=%ff", "?__proto__=1", "?constructor", "?a=1&a=2", "?Status=all"])(
    "with other parameters changes nothing: %s",
    async (query) => {
      expect((await api().ask("GET", `${cmks}${query}`)).status).toBe(200);
    },
  );
});

describe("a project's name", () => {
  it("may be SQL: it is a name like any other", async () => {
    const { ask } = api();
    const path = `/v1/project/${encodeURIComponent("x'; drop table cmks; --")}/secrets/cmks`;
    expect((await ask("GET", path)).status).toBe(404);
    expect((await ask("GET", path, { token: "everything" })).json).toEqual({ cmks: [] });
  });
});
