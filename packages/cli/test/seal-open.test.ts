import { existsSync, readdirSync, statSync } from "node:fs";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";

import { piped } from "./command.ts";
import { usual, workshop } from "./workshop.ts";

const csv = 'id,name,email,phone\n1,Ada,ada@example.com,+44 1\n2,Grace,,""\n3,"Müller, Jo","jo ""x""@example.com",\n';
const jsonl =
  '{"id":1,"n":1.0,"email":"ada@example.com","phone":[1,{"a":null}]}\n{"id":"b" , "email":null,"big":12345678901234567890}\n' +
  '{"id":18446744073709551615,"email":false,"phone":""}\n';
const between = ["--in", "sealed", "--out", "opened"];

describe("cmkit seal and cmkit open", () => {
  it("give CSV back as it was, and leave nothing readable in between", async () => {
    const shop = await workshop();
    shop.write("in.csv", csv);
    const sealed = await shop.seal("--in", "in.csv", "--out", "sealed");
    expect(sealed).toMatchObject({ exitCode: 0, stdout: "" });
    expect(sealed.stderr).toMatch(
      /^sealed 3 rows \(4 values\) in \d+\.\d s under 1 data key, 2 KMS requests; keys: sealed\.keys\n$/,
    );
    const text = shop.read("sealed");
    expect(text).toMatch(
      /^id,name,email,phone\n1,Ada,cmk1\.[\w-]+,cmk1\.[\w-]+\n2,Grace,,cmk1\.[\w-]+\n3,"Müller, Jo",cmk1\.[\w-]+,\n$/,
    );
    const opened = await shop.open(...between);
    expect(opened.stderr).toMatch(
      /^opened 3 rows \(4 values\) in \d+\.\d s under 1 data key, 1 KMS request; keys: sealed\.keys\n$/,
    );
    expect(shop.read("opened")).toBe(csv);
  });

  it("give JSON Lines back byte for byte, whatever type a value has", async () => {
    const shop = await workshop();
    shop.write("in.jsonl", jsonl);
    expect(await shop.seal("--in", "in.jsonl", "--out", "sealed")).toMatchObject({ exitCode: 0 });
    const text = shop.read("sealed");
    expect(text).not.toMatch(/ada|false/);
    expect(text.split("\n").map((line) => line.match(/cmk1\./g)?.length ?? 0)).toEqual([2, 0, 2, 0]);
    expect(await shop.open(...between)).toMatchObject({ exitCode: 0 });
    expect(shop.read("opened")).toBe(jsonl);
  });

  it("keep a byte order mark and CRLF, in both formats", async () => {
    const shop = await workshop();
    for (const [name, text] of Object.entries({ csv, jsonl })) {
      const content = `\ufeff${text.replaceAll("\n", "\r\n")}`;
      shop.write(name, content);
      await shop.seal("--in", name, "--out", `${name}.s`);
      await shop.open("--in", `${name}.s`, "--out", `${name}.o`);
      expect(shop.read(`${name}.o`)).toBe(content);
      expect(shop.read(`${name}.s`)).toMatch(/^\ufeff[^]*cmk1\.[^]*[^\r]\r\n$/);
    }
  });

  it("take fields within objects, which a column a.b is the same as", async () => {
    const shop = await workshop();
    const nested = [
      "--dev",
      "cmkit.dev.json",
      "--fields",
      "address.street",
      "--row-id",
      "id",
      "--table",
      "t",
      "--tenant",
      "acme",
    ];
    shop.write("in.jsonl", '{"id":"7","address":{"street":"Main St","zip":"1"}}\n{"id":"8","address":null}\n');
    await shop.cmkit(["seal", ...nested, "--in", "in.jsonl", "--out", "s.jsonl"]);
    const [, sealed = ""] = /"street":"(cmk1\.[\w-]+)","zip":"1"/.exec(shop.read("s.jsonl")) ?? [];
    shop.write("s.csv", `id,address.street\n7,${sealed}\n8,\n`);
    await shop.cmkit(["open", ...nested, "--in", "s.csv", "--out", "o.csv", "--keys", "s.jsonl.keys"]);
    expect(shop.read("o.csv")).toBe("id,address.street\n7,Main St\n8,\n");
  });

  it("take fields that are called as what every object inherits", async () => {
    const shop = await workshop();
    const odd = [
      "--dev",
      "cmkit.dev.json",
      "--fields",
      "constructor.name,toString",
      "--row-id",
      "__proto__",
      "--table",
      "t",
      "--tenant",
      "acme",
    ];
    const text = '{"__proto__":1,"constructor":{"name":"secret"}}\n{"__proto__":2,"toString":"secret"}\n';
    shop.write("in.jsonl", text);
    await shop.cmkit(["seal", ...odd, "--in", "in.jsonl", "--out", "s"]);
    expect(shop.read("s")).not.toContain("secret");
    expect(await shop.cmkit(["open", ...odd, "--in", "s", "--out", "o"])).toMatchObject({ exitCode: 0 });
    expect(shop.read("o")).toBe(text);
    expect(Object.name).toBe("Object");
  });

  it("take a file without a value, for which no key is needed", async () => {
    const shop = await workshop();
    shop.write("in.csv", "id,email,phone\n");
    const sealed = await shop.seal("--in", "in.csv", "--out", "sealed");
    expect(sealed.stderr).toMatch(/^sealed 0 rows \(0 values\) in .* under 0 data keys, 0 KMS requests; keys: sealed\.keys\n$/);
    expect(await shop.open(...between)).toMatchObject({ exitCode: 0 });
    expect(shop.read("opened")).toBe("id,email,phone\n");
  });

  it("open only what --only names, and leave the other fields out", async () => {
    const shop = await workshop();
    shop.write("in.csv", csv);
    shop.write("in.jsonl", jsonl);
    for (const name of ["in.csv", "in.jsonl"]) await shop.seal("--in", name, "--out", `s.${name}`);
    expect(await shop.open("--only", "phone", "--in", "s.in.csv", "--out", "o.csv")).toMatchObject({ exitCode: 0 });
    expect(shop.read("o.csv")).toBe('id,name,phone\n1,Ada,+44 1\n2,Grace,""\n3,"Müller, Jo",\n');
    expect(await shop.open("--only", "phone", "--in", "s.in.jsonl", "--out", "o.jsonl")).toMatchObject({ exitCode: 0 });
    expect(shop.read("o.jsonl")).toBe(
      '{"id":1,"n":1.0,"phone":[1,{"a":null}]}\n{"id":"b","big":12345678901234567890}\n{"id":18446744073709551615,"phone":""}\n',
    );
  });

  it("work as a pipe, with the summary apart from the data", async () => {
    const shop = await workshop();
    const stdin = piped(csv.slice(0, 40), csv.slice(40));
    const sealed = await shop.cmkit(["seal", ...usual, "--keys", "k", "--json"], { stdin });
    expect(sealed.exitCode).toBe(0);
    expect(JSON.parse(sealed.stderr)).toMatchObject({
      operation: "seal",
      rows: 3,
      values: 4,
      leftOut: 0,
      dataKeys: 1,
      keys: "k",
    });
    const opened = await shop.cmkit(["open", ...usual, "--keys", "k", "--in", "-", "--out", "-"], {
      stdin: piped(sealed.stdout),
    });
    expect(opened).toMatchObject({ exitCode: 0, stdout: csv });
  });

  it("add a second run to the same keys file, at the same time too, and open both", async () => {
    const shop = await workshop();
    shop.write("a.csv", csv);
    shop.write("b.csv", "id,email,phone\n9,x@example.com,\n");
    shop.write("c.csv", csv);
    const seal = async (name: string) => shop.seal("--in", `${name}.csv`, "--out", `${name}.s`, "--keys", "keys");
    expect(await seal("a")).toMatchObject({ exitCode: 0 });
    for (const outcome of await Promise.all([seal("b"), seal("c")])) expect(outcome).toMatchObject({ exitCode: 0 });
    expect(shop.read("keys").trim().split("\n")).toHaveLength(3);
    for (const name of ["a", "b", "c"]) {
      expect(await shop.open("--in", `${name}.s`, "--out", `${name}.o`, "--keys", "keys")).toMatchObject({ exitCode: 0 });
      expect(shop.read(`${name}.o`)).toBe(shop.read(`${name}.csv`));
    }
  });

  it("make a record key where there is none, and files that only their owner reads where these are secret", async () => {
    const shop = await workshop();
    shop.write("in.csv", csv);
    const mode = (name: string): string => (statSync(shop.path(name)).mode & 0o777).toString(8);
    // The adapter finds no credentials here, or others: the key is made before anybody is asked.
    const cloud = ["--provider", "aws", "--resource", "alias/nothing", "--record-key", "record.key"];
    await shop.cmkit(["seal", ...usual.slice(2), ...cloud, "--in", "in.csv", "--out", "sealed"]);
    expect([statSync(shop.path("record.key")).size, mode("record.key")]).toEqual([32, "600"]);
    await shop.seal("--in", "in.csv", "--out", "sealed");
    await shop.open(...between);
    expect([mode("opened"), mode("sealed.keys")]).toEqual(["600", "600"]);
  });

  it("bind values to their rows, unless that is given up", async () => {
    const shop = await workshop();
    shop.write("in.csv", "id,email,phone\n1,a,\n2,b,\n");
    const unbound = usual
      .map((argument) => (argument === "--row-id" ? "--no-row-id" : argument))
      .filter((argument) => argument !== "id");
    await shop.seal("--in", "in.csv", "--out", "bound");
    await shop.cmkit(["seal", ...unbound, "--in", "in.csv", "--out", "unbound"]);
    for (const name of ["bound", "unbound"]) {
      const [header, one, two] = shop
        .read(name)
        .split("\n")
        .map((line) => line.split(","));
      shop.write(
        `${name}.x`,
        [header, [one?.[0], two?.[1], ""], [two?.[0], one?.[1], ""]].map((row) => `${row?.join(",")}\n`).join(""),
      );
    }
    const refused = await shop.open("--in", "bound.x", "--out", "x1", "--keys", "bound.keys");
    expect(refused.stderr).toMatch(
      /^cmkit: row 1 \(line 2\): decryption failed: field email\.\nGive the --tenant, --table, --row-id/,
    );
    expect(await shop.cmkit(["open", ...unbound, "--in", "unbound.x", "--out", "x2", "--keys", "unbound.keys"])).toMatchObject({
      exitCode: 0,
    });
    expect(shop.read("x2")).toBe("id,email,phone\n1,b,\n2,a,\n");
  });

  it("work under an RSA key, which the record key makes possible", async () => {
    const shop = await workshop();
    const rsa = await shop.emulator.createKey({ region: "us-east-1", account: "111122223333", keySpec: "RSA_2048" });
    shop.write("in.csv", csv);
    expect(await shop.seal("--resource", rsa, "--in", "in.csv", "--out", "sealed")).toMatchObject({ exitCode: 0 });
    expect(await shop.open("--resource", rsa, ...between)).toMatchObject({ exitCode: 0 });
    expect(shop.read("opened")).toBe(csv);
  });

  it("show how far they are on a terminal, and nothing of it elsewhere", async () => {
    const shop = await workshop();
    shop.write("in.csv", csv);
    let shown = "";
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    terminal.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const given = { terminal };
    const { stderr } = await shop.cmkit(["seal", ...usual, "--in", "in.csv", "--out", "s"], given);
    expect(shown).toMatch(/100%  3 rows/);
    expect(stderr).toMatch(/^sealed 3 rows/);
    shown = "";
    await shop.cmkit(["seal", ...usual, "--keys", "k"], { ...given, stdin: piped(csv) });
    expect(shown).toMatch(/3 rows/);
    expect(shown).not.toContain("%");
  });

  it("leave nothing beside the output but the keys", async () => {
    const shop = await workshop();
    shop.write("in.csv", csv);
    await shop.seal("--in", "in.csv", "--out", "sealed");
    expect(readdirSync(shop.dir).sort()).toEqual(["cmkit.dev.json", "in.csv", "sealed", "sealed.keys"]);
    expect(existsSync(shop.path("opened"))).toBe(false);
  });
});
