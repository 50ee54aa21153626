import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { receivedTarget, requestPath } from "../../src/http/request-path.ts";
import { api, cmks, refusalOf } from "./api.ts";

describe("a path", () => {
  it.each([
    ["http://host/v1/project", "/v1/project"],
    ["https://host:8443//v1/project?x=/../#y", "/v1/project"],
    ["/v1/project?x=%zz", "/v1/project"],
    ["//v1/project", "/v1/project"],
    ["/v1/project/%41b%c3%a4", "/v1/project/Ab%C3%A4"],
    ["/v1/%252f", "/v1/%252f"],
    ["/v1/a..b", "/v1/a..b"],
    ["/v1/...", "/v1/..."],
  ])("%s is read as %s", (target, path) => {
    expect(requestPath(target)).toBe(path);
  });

  const refused = [
    "",
    "/",
    "*",
    "v1/project",
    "http://host",
    "/v1/project/",
    "///v1/project",
    "/v1//project",
    "/v1/project//",
    "/v1/.",
    "/v1/..",
    "/v1/../v1/project",
    "/v1/%2e%2e/project",
    "/v1/.%2E/project",
    "/v1/%2f",
    "/v1/a%2Fb",
    "/v1/a%5cb",
    "/v1/a\\b",
    "/v1/%00",
    "/v1/a%0ab",
    "/v1/a%7f",
    "/v1/a%c2%85",
    "/v1/%",
    "/v1/%4",
    "/v1/%zz",
    "/v1/%ff",
    "/v1/%c0%ae%c0%ae",
    "/v1/%ed%a0%80",
    "/v1/a b",
    "/v1/a\tb",
    "/v1/ä",
    "/v1/\u0000",
  ];
  it.each(refused)("%j is none", (target) => {
    expect(requestPath(target)).toBeUndefined();
  });

  it.each(refused)("%j is 404 before anyone asks for the token, as the server received it", async (url) => {
    const { app, failTokens } = api();
    failTokens(new Error("the token was looked at"));
    const answer = await app.fetch(new Request(`http://host${cmks}`), { incoming: { url } });
    expect(answer.status).toBe(404);
  });

  it("says of each part what it was, and has one spelling", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/^\.\.?$|[/\\\p{Cc}]/u.test(text));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const path = requestPath(`http://host/${parts.map(encodeURIComponent).join("/")}`);
        expect(path?.slice(1).split("/").map(decodeURIComponent)).toEqual(parts);
        expect(requestPath(path ?? "")).toBe(path);
      }),
    );
  });

  it("of any characters is read or refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const path = requestPath(`/${text}`);
        expect(path === undefined || /^(?:\/[^/]+)+$/.test(path)).toBe(true);
      }),
    );
  });

  it("that a server received is known only where it says so", () => {
    expect(receivedTarget({ incoming: { url: "/x" } })).toBe("/x");
    for (const env of [undefined, null, "x", {}, { incoming: null }, { incoming: {} }, { incoming: { url: 1 } }]) {
      expect(receivedTarget(env)).toBeUndefined();
    }
  });
});

describe("a path that is none of ours", () => {
  it.each([
    "/",
    "/v1",
    "/v2/project",
    "/v1/project/acme",
    "/v1/project/acme/secrets",
    `${cmks}/a/b`,
    "/V1/project",
    "/healthz/x",
  ])("is 404 in Aiven's shape, with and without a token: %s", async (path) => {
    const { ask } = api();
    for (const token of [null, "operator"]) {
      expect(refusalOf(await ask("GET", path, { token }))).toMatchObject({ status: 404, code: "not-found" });
    }
  });
});

describe("a method that a path does not have", () => {
  it.each(["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND"])("is 405 and says which there are: %s", async (method) => {
    const { ask, entries } = api();
    const answer = await ask(method, cmks);
    expect(refusalOf(answer)).toMatchObject({ status: 405, code: "invalid-request" });
    expect(answer.headers.get("allow")).toBe("POST, GET");
    expect(entries).toMatchObject([{ method: method === "PROPFIND" ? "other" : method, status: 405 }]);
  });

  it("is 404 for HEAD too where there is no path", async () => {
    expect((await api().ask("HEAD", "/v1/nothing")).status).toBe(404);
  });

  it("grants no other origin anything", async () => {
    const headers = { origin: "https://example.com", "access-control-request-method": "POST" };
    const { headers: answered } = await api().ask("OPTIONS", cmks, { headers });
    expect([...answered.keys()].filter((name) => /^access-control|cookie/.test(name))).toEqual([]);
  });
});
