import { describe, expect, it } from "vitest";

import { cmkit } from "./command.ts";
import { answering, cmk, id, inAcme, named, registryDouble, token } from "./registry-double.ts";

const keys = "/v1/project/acme/secrets/cmks";
const propertyTable = `property     value
===========  ==============================================================================
id           5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f
provider     aws
default_cmk  True
resource     arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
status       current
created_at   2026-05-05T10:55:52.719Z
updated_at   2026-05-06T10:55:52.719Z
`;

const create = ["cmks", "create", ...inAcme, "--provider", "aws", "--resource", cmk.resource];

describe("a command that answers with one key", () => {
  it.each([
    { argv: create, method: "POST", path: keys, body: { provider: "aws", resource: cmk.resource } },
    {
      argv: [...create, "--default-cmk"],
      method: "POST",
      path: keys,
      body: { provider: "aws", resource: cmk.resource, default_cmk: true },
    },
    { argv: ["cmks", "get", ...named], method: "GET", path: `${keys}/${id}` },
    { argv: ["cmks", "get", ...inAcme, "--cmk-id", id.toUpperCase()], method: "GET", path: `${keys}/${id}` },
    {
      argv: ["cmks", "update", ...named, "--default-cmk", "true"],
      method: "POST",
      path: `${keys}/${id}`,
      body: { default_cmk: true },
    },
    {
      argv: ["cmks", "update", ...named, "--default-cmk", "0"],
      method: "POST",
      path: `${keys}/${id}`,
      body: { default_cmk: false },
    },
    {
      argv: ["cmks", "update", ...named, "--default-cmk", "1", "--status", "current"],
      method: "POST",
      path: `${keys}/${id}`,
      body: { default_cmk: true, status: "current" },
    },
    { argv: ["cmks", "update", ...named, "--status", "old"], method: "POST", path: `${keys}/${id}`, body: { status: "old" } },
    { argv: ["cmks", "delete", ...named, "--yes"], method: "DELETE", path: `${keys}/${id}` },
    { argv: ["cmks", "delete", ...named, "--yes", "--force"], method: "DELETE", path: `${keys}/${id}?force=true` },
  ])(
    "asks $method $path for $argv and prints its properties, or with --json the object",
    async ({ argv, method, path, body }) => {
      const double = await answering({ json: { cmk } });
      expect(await double.cmkit(argv)).toEqual({ exitCode: 0, stdout: propertyTable, stderr: "" });
      const json = await double.cmkit([...argv, "--json"]);
      expect(json.exitCode).toBe(0);
      expect(JSON.parse(json.stdout)).toEqual(cmk);
      const asked = {
        method,
        path,
        authorization: `Bearer ${token}`,
        contentType: body && "application/json",
        body: body === undefined ? "" : JSON.stringify(body),
      };
      expect(double.asked).toEqual([asked, asked]);
    },
  );

  it("prints how its last check ended, where there was one", async () => {
    const moments = { since: "2026-05-06T08:00:00.000Z", checked_at: "2026-05-06T10:00:00.000Z" };
    const validation = { phase: "wrap", code: "key-disabled", message: "The key is\u001b[2J disabled.", ...moments };
    const double = await answering({ json: { cmk: { ...cmk, validation } } });
    const rows = [
      "phase        wrap",
      "code         key-disabled",
      `since        ${moments.since}`,
      `checked_at   ${moments.checked_at}`,
    ];
    const { stdout } = await double.cmkit(["cmks", "get", ...named]);
    expect(stdout).toBe(`${propertyTable}${rows.join("\n")}\n\nThe key is\\u{001b}[2J disabled.\n`);
    const json = await double.cmkit(["cmks", "get", ...named, "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({ ...cmk, validation });
  });

  it("takes what a newer server says besides", async () => {
    const double = await answering({ json: { cmk: { ...cmk, colour: "red" }, further: [] } });
    expect((await double.cmkit(["cmks", "get", ...named])).stdout).toBe(propertyTable);
  });

  it("asks with the project as it is called, whatever characters it has", async () => {
    const double = await answering({ json: { cmk } });
    await double.cmkit(["cmks", "get", "--project", "a b/ü?#%2f", "--cmk-id", id]);
    expect(double.asked[0]?.path).toBe(`/v1/project/a%20b%2F%C3%BC%3F%23%252f/secrets/cmks/${id}`);
  });

  it("asks below the path of --url, with or without a slash at its end", async () => {
    const double = await answering({ json: { cmk } });
    for (const path of ["/byok", "/byok/", "/"]) {
      await cmkit(["cmks", "get", ...named, "--url", `${double.url}${path}`], { env: { CMKIT_TOKEN: token } });
    }
    expect(double.asked.map(({ path }) => path)).toEqual([`/byok${keys}/${id}`, `/byok${keys}/${id}`, `${keys}/${id}`]);
  });
});

describe("cmkit cmks list", () => {
  it("prints a table with all of every value, oldest first as the server has them", async () => {
    const long = { ...cmk, id: id.replace("5", "6"), resource: "x".repeat(512), default_cmk: false, status: "old" };
    const double = await answering({ json: { cmks: [cmk, long] } });
    const { exitCode, stdout, stderr } = await double.cmkit(["cmks", "list", ...inAcme]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [head, rules, ...rows] = stdout.trimEnd().split("\n");
    expect(head?.split(/ +/)).toEqual(["id", "status", "provider", "resource", "default_cmk", "created_at"]);
    expect(rules?.split("  ").map(({ length }) => length)).toEqual([36, 7, 8, 512, 11, 24]);
    expect(rules).toMatch(/^[= ]+$/);
    expect(rows.map((row) => row.split(/ +/))).toEqual([
      [cmk.id, "current", "aws", cmk.resource, "True", cmk.created_at],
      [long.id, "old", "aws", long.resource, "False", cmk.created_at],
    ]);
  });

  it("prints the headings alone where there is no key, and with --json an empty array", async () => {
    const double = await answering({ json: { cmks: [] } });
    const { stdout } = await double.cmkit(["cmks", "list", ...inAcme]);
    expect(stdout.split("\n")[0]).toBe("id  status  provider  resource  default_cmk  created_at");
    expect((await double.cmkit(["cmks", "list", ...inAcme, "--json"])).stdout).toBe("[]\n");
  });

  it("asks for one status where it is told to", async () => {
    const double = await answering({ json: { cmks: [] } });
    await double.cmkit(["cmks", "list", ...inAcme, "--status", "deleted"]);
    expect(double.asked[0]?.path).toBe(`${keys}?status=deleted`);
  });

  it("shows what a stranger put into a resource without letting the terminal obey it, in JSON as JSON escapes it", async () => {
    const hostile = { ...cmk, resource: "a\u001b[2J\u202eb\u{e0001}" };
    const double = await answering({ json: { cmks: [hostile] } });
    expect((await double.cmkit(["cmks", "list", ...inAcme])).stdout).toContain(" a\\u{001b}[2J\\u{202e}b\\u{e0001} ");
    const { stdout } = await double.cmkit(["cmks", "list", ...inAcme, "--json"]);
    expect(stdout).toContain('"a\\u001b[2J\\u202eb\\udb40\\udc01"');
    expect(JSON.parse(stdout)).toEqual([hostile]);
  });
});

describe("cmkit cmks accessors", () => {
  const accessors = {
    aws: { principal: "arn:aws:iam::111122223333:role/cmkit", role_arn: "arn:aws:iam::111122223333:role/cmkit" },
    oci: { access_group: "ocid1.group.oc1..a", access_tenant: "ocid1.tenancy.oc1..b" },
    gcp: { access_group: "" },
  };

  it("prints one line a detail and what to grant, for the clouds that are offered", async () => {
    const double = await answering({ json: { accessors } });
    const { exitCode, stdout } = await double.cmkit(["cmks", "accessors", ...inAcme]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^PROVIDER  DETAILS\n={8}  =+\naws       principal      arn:aws:iam::111122223333:role\/cmkit\n/);
    expect(stdout).toMatch(
      /\noci       access_group   ocid1\.group\.oc1\.\.a\n {10}access_tenant  ocid1\.tenancy\.oc1\.\.b\n\nWhat to grant/,
    );
    expect(stdout).toMatch(/\n {2}aws {4}in the key policy/);
    expect(stdout).toContain("`cmkit grants` prints it");
    expect(stdout).not.toContain("gcp");
    expect(double.asked[0]?.path).toBe(`${keys}/accessors`);
  });

  it("prints the object with --json", async () => {
    const double = await answering({ json: { accessors } });
    const { stdout } = await double.cmkit(["cmks", "accessors", ...inAcme, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ aws: accessors.aws, oci: accessors.oci });
  });

  it("says that no cloud is offered where there is none", async () => {
    const double = await answering({ json: { accessors: {} } });
    expect((await double.cmkit(["cmks", "accessors", ...inAcme])).stdout).toContain("\nNo cloud is offered: name your accessors");
  });
});

describe("bad usage", () => {
  it.each([
    [["cmks", "list"], "required option '--project <name>' not specified"],
    [["cmks", "list", "--project", ""], "Expected the name of a project."],
    [["cmks", "list", "--project", ".."], "Expected the name of a project."],
    [["cmks", "list", ...inAcme, "--status", "gone"], "Allowed choices are current, old, deleted."],
    [["cmks", "create", ...inAcme, "--resource", "r"], "required option '--provider <name>' not specified"],
    [["cmks", "create", ...inAcme, "--provider", "aws"], "required option '--resource <id>' not specified"],
    [["cmks", "create", ...inAcme, "--provider", "local", "--resource", "local:a"], "Allowed choices are aws, gcp, azure, oci."],
    [["cmks", "get", ...inAcme], "required option '--cmk-id <id>' not specified"],
    [["cmks", "get", ...inAcme, "--cmk-id", "1' or '1'='1"], "Expected a UUID"],
    [["cmks", "update", ...named, "--default-cmk", "yes"], "Expected true, false, 1 or 0."],
    [["cmks", "update", ...named], "expected --default-cmk or --status."],
    [["cmks", "update", ...named, "--status", "deleted"], "Allowed choices are current, old."],
    [["cmks", "delete", ...named], "expected --yes, as there is no terminal to ask at."],
    [["cmks", "delete", ...named, "--force"], "expected --yes, as there is no terminal to ask at."],
    [["cmks", "check"], "expected --project and --cmk-id; or --all, for every key."],
    [["cmks", "check", "--cmk-id", id], "expected --project and --cmk-id; or --all, for every key."],
    [["cmks", "check", ...inAcme], "expected --project and --cmk-id; or --all, for every key."],
    [["cmks", "check", ...named, "--all"], "expected either --cmk-id or --all."],
    [["cmks", "lst", ...inAcme], "unknown command 'lst'"],
    [["cmks", "create", ...inAcme, "--default-cmk", "true"], "required option"],
    [["cmks", "list", "--projct", "acme"], "cmkit: unknown option '--projct'\nSee `cmkit cmks list --help`."],
    [["cmks", "get", "--project", "acme", "--cmkid=x"], "unknown option '--cmkid'"],
    [["grants", ...inAcme], "required option '--cmk-id <id>' not specified"],
  ])("is %j, answered with 2 and nothing sent", async (argv, what) => {
    const double = await registryDouble(() => ({ json: {} }));
    const { exitCode, stdout, stderr } = await double.cmkit(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^cmkit: /);
    expect(stderr).toContain(what);
    expect(double.asked).toEqual([]);
  });
});

describe("help", () => {
  it.each(["cmks", ..."accessors create list get update delete check".split(" ").map((name) => `cmks ${name}`), "grants"])(
    "has examples for %s, within 100 columns, and says how to reach a registry",
    async (command) => {
      const { exitCode, stdout } = await cmkit([...command.split(" "), "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("\nExamples:\n  cmkit ");
      expect(stdout).toContain(`cmkit ${command}`);
      expect(stdout).toContain("--config");
      expect(stdout).toContain("--json");
      expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
    },
  );
});
