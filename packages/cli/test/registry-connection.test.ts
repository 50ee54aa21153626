import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { writeDevFile } from "../src/dev-file.ts";
import { networkFailure } from "../src/registry-network.ts";
import { cmkit } from "./command.ts";
import { devSample } from "./dev-sample.ts";
import { answering, inAcme, token } from "./registry-double.ts";
import { scratch } from "./scratch.ts";

const list = ["cmks", "list", ...inAcme];
const env = { CMKIT_TOKEN: token };

describe("where the registry is", () => {
  it("has to be said, and all ways are named", async () => {
    for (const argv of [list, ["cmks", "check", "--all"], ["cmks", "accessors", ...inAcme]]) {
      const { exitCode, stdout, stderr } = await cmkit(argv, { env });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(/^cmkit: expected --config, --url, --store or --dev: where the registry is\.\n/);
      for (const way of [
        "cmkit init DIR",
        "--config DIR/cmkit.json",
        "--url URL",
        "CMKIT_URL",
        "CMKIT_TOKEN",
        "--store",
        "--dev",
      ]) {
        expect(stderr).toContain(way);
      }
    }
  });

  it("is said once", async () => {
    const { exitCode, stderr } = await cmkit([...list, "--url", "https://a.example", "--config", "cmkit.json"], { env });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        "cmkit: expected one of --url and --config.\nSay where the registry is in one way: --config, --url, --dev, or --store with --record-key.\n",
    });
  });

  it.each([
    [["--store", "sqlite:a.db"], "expected --store and --record-key together."],
    [["--config", "cmkit.json", "--record-key", "k"], "expected --store and --record-key together."],
    [["--url", "https://a.example", "--record-key", "k"], "expected --store and --record-key together."],
  ])("is not said by %j", async (argv, what) => {
    const { exitCode, stderr } = await cmkit([...list, ...argv], { env });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `cmkit: ${what}\nSay where the registry is in one way: --config, --url, --dev, or --store with --record-key.\n`,
    });
  });

  it("is CMKIT_URL where no option says it, and no other variable", async () => {
    const double = await answering({ json: { cmks: [] } });
    expect((await cmkit(list, { env: { ...env, CMKIT_URL: double.url } })).exitCode).toBe(0);
    expect(double.asked).toHaveLength(1);
    const names = ["CMKIT_CONFIG", "CMKIT_STORE", "CMKIT_DEV", "CMKIT_RECORD_KEY", "AIVEN_WEB_URL", "HTTP_PROXY", "http_proxy"];
    const others = Object.fromEntries(names.map((name) => [name, double.url]));
    expect((await cmkit(list, { env: { ...env, ...others, CMKIT_URL: "" } })).exitCode).toBe(2);
    const flagWins = await cmkit([...list, "--url", "http://127.0.0.1:9"], { env: { ...env, CMKIT_URL: double.url } });
    expect(flagWins.stderr).toContain("No server listens on 127.0.0.1:9.");
    expect(double.asked).toHaveLength(1);
  });

  it("is the server of a running `cmkit dev`, with the token in its file and no other", async () => {
    const double = await answering({ json: { cmks: [] } });
    const cwd = scratch();
    const server = { url: double.url, token: `cmkit_${"a".repeat(16)}_${"b".repeat(43)}` };
    await writeDevFile(join(cwd, "cmkit.dev.json"), devSample({ server }));
    const { exitCode } = await cmkit([...list, "--dev", "cmkit.dev.json"], {
      cwd,
      env: { ...env, CMKIT_URL: "https://a.example" },
    });
    expect(exitCode).toBe(0);
    expect(double.asked[0]?.authorization).toBe(`Bearer ${server.token}`);
  });

  it("is a `cmkit dev` that has ended: start it again", async () => {
    const cwd = scratch();
    await writeDevFile(join(cwd, "cmkit.dev.json"), devSample());
    const { exitCode, stderr } = await cmkit([...list, "--dev", "cmkit.dev.json"], { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: No server listens on .*\nStart `cmkit dev` again/);
    const absent = await cmkit([...list, "--dev", "absent.json"], { cwd });
    expect(absent.exitCode).toBe(1);
    expect(absent.stderr).toContain("Start the emulators with `cmkit dev`");
  });
});

describe("a URL", () => {
  it.each([
    ["http://keys.example.com", "to keys.example.com in clear"],
    ["http://10.0.0.1:8080/", "to 10.0.0.1:8080 in clear"],
    ["http://localhost.example.com", "to localhost.example.com in clear"],
    ["http://127.0.0.1.example.com", "in clear"],
    ["HTTP://keys.example.com", "in clear"],
    ["", "expected --url to be an https URL"],
    ["keys.example.com", "expected --url to be an https URL"],
    ["ftp://127.0.0.1", "expected --url to be an https URL"],
    ["file:///etc/passwd", "expected --url to be an https URL"],
    ["https://user:word@a.example", "expected --url to be an https URL"],
    ["https://PRIVATE@a.example", "expected --url to be an https URL"],
    ["https://a.example?x=1", "expected --url to be an https URL"],
    ["https://a.example#x", "expected --url to be an https URL"],
    ["https://a.example\\b", "expected --url to be an https URL"],
    ["https://a example", "expected --url to be an https URL"],
    ["https://", "expected --url to be an https URL"],
    ["https://127.1.1.1.1.1:99999", "expected --url to be an https URL"],
  ])("%j gets no token", async (url, what) => {
    const { exitCode, stdout, stderr } = await cmkit([...list, "--url", url], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(what);
    expect(stderr).not.toContain("PRIVATE");
    const byVariable = await cmkit(list, { env: { ...env, CMKIT_URL: url } });
    expect(byVariable.exitCode).toBe(2);
    expect(byVariable.stderr).not.toContain("PRIVATE");
  });

  it("gets none over TLS whose certificates are not checked", async () => {
    const { exitCode, stderr } = await cmkit([...list, "--url", "https://a.example"], {
      env: { ...env, NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: NODE_TLS_REJECT_UNAUTHORIZED=0 turns .*\nUnset it/);
  });

  it.each([
    [{}, "expected a token in CMKIT_TOKEN."],
    [{ CMKIT_TOKEN: "" }, "expected a token in CMKIT_TOKEN."],
    [{ CMKIT_TOKEN: "PRIVATE\r\nx-evil: 1" }, "expected CMKIT_TOKEN to be a token, and nothing else."],
    [{ CMKIT_TOKEN: "Bearer PRIVATE" }, "expected CMKIT_TOKEN to be a token, and nothing else."],
    [{ CMKIT_TOKEN: "PRIVATE".repeat(100) }, "expected CMKIT_TOKEN to be a token, and nothing else."],
  ])("is asked with a token alone: not with %j", async (variables, what) => {
    const double = await answering({ json: { cmks: [] } });
    const { exitCode, stderr } = await double.cmkit(list, { env: variables });
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`cmkit: ${what}\n\`cmkit token create\`, where the registry's store is, makes one.\n`);
    expect(double.asked).toEqual([]);
  });
});

describe("a server that cannot be asked", () => {
  it("is one that does not listen", async () => {
    const { exitCode, stderr } = await cmkit([...list, "--url", "http://127.0.0.1:9"], { env });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "cmkit: No server listens on 127.0.0.1:9.\nStart it with `cmkit serve`, or give its address with --url.\n",
    });
  });

  it("is one without TLS, asked with it", async () => {
    const double = await answering({ json: { cmks: [] } });
    const { exitCode, stderr } = await cmkit([...list, "--url", double.url.replace("http:", "https:")], { env });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /does not speak TLS as it should\.\nIf it is a server on this machine without TLS, its --url begins with http:/,
    );
  });

  it("is one that hangs up", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { exitCode, stderr } = await cmkit([...list, "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}`], {
      env,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/ended the connection without an answer\.\nTry again; .*https:/);
  });

  const url = new URL("https://keys.example.com");

  function failure(code: string, name = "Error"): Error {
    return new TypeError("fetch failed", { cause: Object.assign(new Error("PRIVATE"), { code, name }) });
  }

  it.each([
    [failure("ENOTFOUND"), "There is no host keys.example.com"],
    [failure("EAI_AGAIN"), "There is no host keys.example.com"],
    [failure("UND_ERR_CONNECT_TIMEOUT"), "does not answer in time"],
    [new DOMException("PRIVATE", "TimeoutError"), "does not answer in time"],
    [Object.assign(new Error("PRIVATE", { cause: new DOMException("", "TimeoutError") }), { code: "ABORT_ERR" }), "in time"],
    [failure("EHOSTUNREACH"), "cannot be reached from here"],
    [failure("DEPTH_ZERO_SELF_SIGNED_CERT"), "certificate of keys.example.com cannot be trusted"],
    [failure("ERR_TLS_CERT_ALTNAME_INVALID"), "certificate of keys.example.com cannot be trusted"],
    [failure("CERT_HAS_EXPIRED"), "certificate of keys.example.com cannot be trusted"],
    [failure("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "certificate of keys.example.com cannot be trusted"],
    [failure("ERR_SSL_WRONG_VERSION_NUMBER"), "does not speak TLS"],
    [failure("UND_ERR_SOCKET"), "ended the connection"],
    [failure("HPE_INVALID_CONSTANT"), "ended the connection"],
    [failure("ENEW"), "The connection to keys.example.com failed (ENEW)."],
    [failure("PRI VATE"), "The connection to keys.example.com failed (Error)."],
    ["PRIVATE", "The connection to keys.example.com failed (no reason given)."],
  ])("is told in words of ours and with what to do: %s", (error, what) => {
    const { message, code } = networkFailure(error, url, "server");
    expect(code).toBe("refused");
    expect(message.split("\n")).toHaveLength(2);
    expect(message).toContain(what);
    expect(message).not.toContain("PRIVATE");
  });
});
