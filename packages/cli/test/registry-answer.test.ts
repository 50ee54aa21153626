import { describe, expect, it } from "vitest";

import { answering, cmk, inAcme, named, refusal, token } from "./registry-double.ts";

const get = ["cmks", "get", ...named];

describe("a registry's refusal", () => {
  it.each([
    [400, "invalid-resource", /Give with --resource the key as its cloud names it/],
    [400, "invalid-request", /--help/],
    [401, "unauthenticated", /Set CMKIT_TOKEN to a token of this registry/],
    [403, "forbidden", /--role operator/],
    [404, "not-found", /whether CMKIT_TOKEN is for that project/],
    [409, "already-exists", /cmks update --default-cmk true/],
    [409, "in-use", /make another key the default first\. .*--force/],
    [422, "access-denied", /sharedResources/],
    [500, "unknown", /docs\/errors\.md says what unknown means/],
    [503, "store-unavailable", /Try again/],
    [503, "throttled", /Try again/],
  ])("with status %i and code %s is two lines: its words and what to do", async (status, code, next) => {
    const double = await answering(refusal(status, code, "In the server's words."));
    const { exitCode, stdout, stderr } = await double.cmkit(get);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    const lines = stderr.split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(`cmkit: In the server's words (${code}).`);
    expect(lines[1]).toMatch(next);
  });

  it("stays on its line, whatever the server puts into its words", async () => {
    const double = await answering(refusal(404, "not-found", "a\nb\u001b[31mc\u202e"));
    expect((await double.cmkit(get)).stderr).toMatch(/^cmkit: a\\u\{000a\}b\\u\{001b\}\[31mc\\u\{202e\} \(not-found\)\.\nSee /);
  });
});

describe("an answer that is none of a registry", () => {
  const html = { "content-type": "text/html" };

  it.each([
    [
      "a page of something else",
      { status: 200, text: "<html>", headers: html },
      /answers with status 200, but not as a registry does\.\nGive with --url/,
    ],
    ["a page that says not found", { status: 404, text: "<html>", headers: html }, /status 404, but not as .*\nGive with --url/],
    ["a proxy without its server", { status: 502, text: "bad gateway" }, /status 502, .*\nTry again\. .*what stands before/],
    ["nothing", { status: 204 }, /status 204, but not as/],
    ["half of its JSON", { headers: {}, text: '{"cmk":' }, /but not as a registry does/],
    ["JSON of another type", { text: "{}", headers: { "content-type": "text/plain" } }, /but not as a registry does/],
    [
      "JSON that is not UTF-8",
      { text: '"\ud800', headers: { "content-type": "application/json" } },
      /but not as a registry does/,
    ],
    ["an error without a code", { status: 403, json: { message: "no" } }, /status 403, but not as a registry does/],
    ["an error of another form", { status: 400, json: { message: "m", errors: [{ error_code: "<b>" }] } }, /status 400, but not/],
    ["null", { json: null }, /does not answer as a registry does: answer: expected an object\./],
    ["no key", { json: {} }, /does not answer as a registry does: cmk: expected an object\./],
  ])("is refused with 1 and what to do: %s", async (_name, answer, expected) => {
    const { exitCode, stdout, stderr } = await (await answering(answer)).cmkit(get);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(expected);
    expect(stderr.split("\n")).toHaveLength(3);
  });

  it.each([
    ["id", "5"],
    ["id", undefined],
    ["provider", 1],
    ["provider", "x".repeat(65)],
    ["resource", "x".repeat(513)],
    ["default_cmk", "true"],
    ["status", "gone"],
    ["created_at", "yesterday"],
    ["updated_at", "2026-05-05T10:55:52"],
  ])("is one whose key has for %s %j", async (name, value) => {
    const double = await answering({ json: { cmks: [{ ...cmk, [name]: value }] } });
    const { exitCode, stderr } = await double.cmkit(["cmks", "list", ...inAcme]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^cmkit: http://127\\.0\\.0\\.1:\\d+ does not answer as a registry does: cmks\\[0\\]\\.${name}: `),
    );
  });

  it.each([301, 302, 307, 308])("is a redirect with status %i: it is not followed", async (status) => {
    const elsewhere = await answering({ json: { cmk } });
    const double = await answering({ status, text: "", headers: { location: elsewhere.url } });
    const { exitCode, stderr } = await double.cmkit(get);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/answers with a redirect, which is not followed\.\nGive the URL that it leads to with --url\.\n$/);
    expect(elsewhere.asked).toEqual([]);
  });

  it("is one that does not end within 16 MiB", async () => {
    const double = await answering({
      text: `"${"x".repeat(16 * 1024 * 1024)}"`,
      headers: { "content-type": "application/json" },
    });
    const { exitCode, stderr } = await double.cmkit(get);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: The answer, with status 200, is larger than 16 MiB\.\n/);
  });
});

it("never prints the token", async () => {
  for (const answer of [{ json: { cmk } }, refusal(401, "unauthenticated", "no"), { status: 500, text: "" }]) {
    const { stdout, stderr } = await (await answering(answer)).cmkit(get);
    expect(stdout + stderr).not.toContain(token);
  }
});
