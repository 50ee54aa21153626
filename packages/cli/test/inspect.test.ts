import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { envelope, inspectSealed, memoryDataKeyStore, multiCloudKms, toText } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { beforeAll, describe, expect, it } from "vitest";

import { cmkit, piped } from "./command.ts";
import { scratch } from "./scratch.ts";

const secret = "ada@example.com";
let compact: Uint8Array;
let portable: Uint8Array;

beforeAll(async () => {
  const kms = multiCloudKms({
    adapters: [local({ keys: { one: { aes256: randomBytes(32) }, two: { aes256: randomBytes(32) } } })],
  });
  const cmks = ["local:one", "local:two"].map((resource) => ({ provider: "local", resource }));
  const dataKeys = memoryDataKeyStore();
  const box = envelope({ kms, cmk: () => cmks, dataKeys, recordKey: randomBytes(32), service: "test" });
  const about = { tenant: "acme", path: ["customers", "email"] };
  compact = await box.seal(Buffer.from(secret), about);
  portable = await box.seal(Buffer.from(secret), { ...about, profile: "portable" });
});

function row(name: string, value: string): RegExp {
  return new RegExp(`^ *${name} +${value}$`, "m");
}

describe("cmkit inspect", () => {
  it("prints what a portable message says, with its recipients, and that none of it is authenticated", async () => {
    const { exitCode, stdout, stderr } = await cmkit(["inspect", toText(portable)]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { dataKeyId, iv, originTag, sealedBytes } = inspectSealed(portable);
    for (const line of [
      row("profile", "portable"),
      row("algorithm", "A256GCM"),
      row("data key id", dataKeyId),
      row("IV", iv),
      row("plaintext bytes", String(secret.length)),
      row("sealed bytes", String(sealedBytes)),
      row("origin tag", originTag ?? "none"),
      row("recipient 1", "local, symmetric, \\d+ bytes"),
      row("resource", "local:one"),
      row("resource", "local:two"),
      row("key version", "1"),
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).toMatch(/\nNone of this is authenticated until the message has been opened\.\n$/);
  });

  it("says of a compact message that its recipients are elsewhere, and nothing of an origin tag", async () => {
    const { stdout } = await cmkit(["inspect", toText(compact)]);
    expect(stdout).toMatch(row("profile", "compact"));
    expect(stdout).toMatch(row("recipients", "in the data-key store, not in the message"));
    expect(stdout).not.toContain("origin tag");
  });

  it("gives the same for text and bytes, as an argument, in a file and piped, and prints only JSON with --json", async () => {
    const directory = scratch();
    const expected = { exitCode: 0, stdout: `${JSON.stringify(inspectSealed(portable), null, 2)}\n`, stderr: "" };
    writeFileSync(join(directory, "bytes"), portable);
    writeFileSync(join(directory, "text"), `${toText(portable)}\n`);
    writeFileSync(join(directory, "cmk1.text"), `${toText(portable)}\r\n`);
    const given = { cwd: directory };
    expect(await cmkit(["inspect", "--json", toText(portable)])).toEqual(expected);
    expect(await cmkit(["inspect", "bytes", "--json"], given)).toEqual(expected);
    expect(await cmkit(["inspect", join(directory, "text"), "--json"])).toEqual(expected);
    expect(await cmkit(["inspect", "./cmk1.text", "--json"], given)).toEqual(expected);
    expect(await cmkit(["inspect", "-", "--json"], { stdin: piped(portable) })).toEqual(expected);
    expect(await cmkit(["inspect", "--json"], { stdin: piped(toText(portable).slice(0, 9), toText(portable).slice(9)) })).toEqual(
      expected,
    );
  });

  it.each([
    ["a cut message", () => piped(portable.subarray(0, -1))],
    ["a message with a byte too many", () => piped(portable, "\n")],
    ["two texts", () => piped(`${toText(compact)}\n${toText(compact)}\n`)],
    ["a text with white space before it", () => piped(` ${toText(compact)}`)],
    ["a text without its prefix", () => piped(toText(compact).slice("cmk1.".length))],
    ["a text that is not base64url", () => piped("cmk1.????")],
    ["the prefix alone", () => piped("cmk1.")],
    ["four bytes", () => piped("cmk1")],
    ["nothing", () => piped()],
  ])("refuses %s as malformed, with 1 and two lines that do not show it", async (_name, stdin) => {
    const { exitCode, stdout, stderr } = await cmkit(["inspect", "--json"], { stdin: stdin() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^cmkit: standard input: .* \(malformed\)\.\nGive one whole sealed message: .*\n$/);
  });

  it("stops reading when there is more than a message can have", async () => {
    let chunks = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      const chunk = new Uint8Array(1024 * 1024);
      for (;;) {
        chunks += 1;
        yield chunk;
      }
    }
    const { exitCode, stderr } = await cmkit(["inspect", "-"], { stdin: endless() });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("larger than a sealed message can be (malformed)");
    expect(chunks).toBeLessThan(100);
  });

  it("names the file that is not there, and a directory, with 1", async () => {
    const directory = scratch();
    const absent = await cmkit(["inspect", "absent.bin"], { cwd: directory });
    expect(absent.exitCode).toBe(1);
    expect(absent.stderr).toBe("cmkit: There is no file absent.bin\nA sealed message given as text begins with cmk1.\n");
    const folder = await cmkit(["inspect", "."], { cwd: directory });
    expect(folder).toEqual({ exitCode: 1, stdout: "", stderr: "cmkit: . is a directory; expected a file.\n" });
    const long = await cmkit(["inspect", "x".repeat(5000)], { cwd: directory });
    expect(long.stderr).toContain(`There is no file ${"x".repeat(80)}…\n`);
  });

  it("asks for input when it is given none, with 2", async () => {
    const { exitCode, stderr } = await cmkit(["inspect"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("expected a file, a text that begins with cmk1., or piped input");
  });

  it("shows what a stranger put into a resource without letting the terminal obey it", async () => {
    const hostile = Buffer.from(portable);
    hostile.write("\u202e", hostile.indexOf("local:one") + "local:".length); // turns the direction of what follows
    const { exitCode, stdout } = await cmkit(["inspect", "-"], { stdin: piped(hostile) });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("local:\\u{202e}\n");
    expect(stdout).not.toContain("\u202e");
  });
});
