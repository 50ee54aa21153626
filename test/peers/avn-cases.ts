import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { linesOf } from "../wire/play.ts";
import { accessors, elsewhere } from "../wire/registry-server.ts";
import { readTranscript } from "../wire/transcript.ts";
import { cmkColumns, printed, printedJson, refused, rowsOf, shortColumns, table, type Cmk } from "./avn-output.ts";
import type { As, AvnStage, Said } from "./avn-stage.ts";

type Case = (stage: AvnStage) => Promise<void>;

/** What avn does in the order of the transcript, through the tap. */
const inOrder: Readonly<Record<string, Case>> = {
  "is told whom to grant access, as JSON": async (stage) => {
    const aws = { ...accessors.aws, role_arn: accessors.aws.principal };
    assert.deepEqual(printedJson(await stage.cmks(["accessors"])), { ...accessors, aws });
  },
  "prints nothing where there are no CMKs": async (stage) => assert.equal(printed(await stage.cmks(["list"])), ""),
  "registers a key as the default, and prints its seven columns": async (stage) => {
    const said = await stage.cmks(["create", "--provider", "aws", "--resource", keyOf(stage), "--default-cmk"]);
    const cmk = await learned(stage, said);
    assert.equal(cmk.default_cmk, true);
    assert.equal(printed(said), table(cmkColumns, [cmk]));
  },
  "registers a key without a word about the default": async (stage) => {
    const said = await stage.cmks(["create", "--provider", "gcp", "--resource", elsewhere.gcp]);
    const cmk = await learned(stage, said);
    assert.equal(cmk.default_cmk, false);
    assert.equal(printed(said), table(cmkColumns, [cmk]));
  },
  "is told that a key already exists": async (stage) =>
    refused(await stage.cmks(["create", "--provider", "aws", "--resource", keyOf(stage)]), 409, /already exists/),
  "lists five columns, from a server whose URL ends in a slash": async (stage) => {
    const said = await stage.cmks(["list"], { url: `${stage.tap.url}/` });
    assert.equal(printed(said), table(shortColumns, await cmksOf(stage)));
  },
  "shows a CMK that no service uses, with -v as without": async (stage) => {
    const said = await stage.cmks(["get", "-v", "--cmk-id", idOf(stage, 1)]);
    assert.equal(printed(said), table(cmkColumns, [await cmkOf(stage, 1)]));
  },
  "takes the default away and gives it back": async (stage) => {
    for (const truth of ["false", "true"]) {
      const said = await stage.cmks(["update", "--default-cmk", truth, "--cmk-id", idOf(stage, 1)]);
      const cmk = await cmkOf(stage, 1);
      assert.equal(String(cmk.default_cmk), truth);
      assert.equal(printed(said), table(cmkColumns, [cmk]));
    }
  },
  "asks through its library whether access works": async (stage) => {
    const checked = (await stage.accessCheck(idOf(stage, 1))) as Cmk & { readonly validation: Readonly<Record<string, unknown>> };
    const { validation, ...cmk } = checked;
    assert.deepEqual(cmk, await cmkOf(stage, 1));
    assert.deepEqual([validation["phase"], validation["code"]], ["done", "ok"]);
  },
  "deletes a CMK, prints five columns, and finds it no more": async (stage) => {
    const { created_at, resource } = await cmkOf(stage, 2);
    const id = idOf(stage, 2);
    const said = await stage.cmks(["delete", "--cmk-id", id]);
    const [row] = rowsOf(said);
    assert.equal(
      printed(said),
      table(shortColumns, [{ id, resource, default_cmk: false, created_at, updated_at: row?.["updated_at"] }]),
    );
    refused(await stage.cmks(["get", "--cmk-id", id]), 404, /no such CMK/);
  },
  "logs in with a token, and needs neither token nor project from then on": async (stage) => {
    const said = await stage.avn(["user", "login", "ada@example.com", "--token"], { project: null });
    assert.deepEqual({ exit: said.exit, stdout: said.stdout }, { exit: 0, stdout: "" });
    assert.match(said.stderr, /^INFO\tAiven credentials written to: .+\nINFO\tDefault project set as 'acme'/);
    const credentials = `${stage.directory}/aiven-credentials.json`;
    assert.equal(statSync(credentials).mode & 0o777, 0o600);
    assert.match(readFileSync(credentials, "utf8"), new RegExp(stage.server.tokens.operator));
    const list = await stage.cmks(["list"], { token: null, project: null, url: stage.server.url });
    assert.equal(printed(list), table(shortColumns, await cmksOf(stage)));
  },
  "is told who the user is": async (stage) => {
    const shown = printed(await stage.avn(["user", "info"]));
    assert.match(shown, new RegExp(`^USER .+\\n=.+\\ntoken:${stage.server.operatorId} .* acme `));
  },
  "with a viewer's token looks, and changes nothing": async (stage) => {
    const as: As = { token: stage.server.tokens.viewer };
    const id = idOf(stage, 1);
    assert.equal(printed(await stage.cmks(["get", "--cmk-id", id], as)), table(cmkColumns, [await cmkOf(stage, 1)]));
    refused(await stage.cmks(["create", "--provider", "aws", "--resource", keyOf(stage, 2)], as), 403, /token/);
    refused(await stage.cmks(["delete", "--cmk-id", id], as), 403, /token/);
    assert.equal((await cmksOf(stage)).length, 1);
  },
  "with another project's token finds nothing, and gets nothing": async (stage) => {
    const token = stage.server.tokens.stranger;
    const get = ["get", "--cmk-id", idOf(stage, 1)];
    refused(await stage.cmks(get, { token }), 404, /no such CMK or project/);
    refused(await stage.cmks(get, { token, project: "globex" }), 404, /no such CMK or project/);
    const create = ["create", "--provider", "aws", "--resource", keyOf(stage)];
    refused(await stage.cmks(create, { token, project: "globex" }), 422, /not permitted/);
  },
  "with a token that nobody made is refused": async (stage) =>
    refused(
      await stage.cmks(["list"], { token: stage.placeholders.fill("${unknown}") }),
      401,
      /token is missing, wrong, expired or revoked/,
    ),
  "cannot delete a CMK under which there are data keys, and is shown who has them": async (stage) => {
    await stage.server.seal("acme");
    const id = idOf(stage, 1);
    refused(await stage.cmks(["delete", "--cmk-id", id]), 409, /1 data key depends on it/);
    const services = table(["service_name", "status"], [{ service_name: "crm", status: "active" }]);
    const expected = `${table(cmkColumns, [await cmkOf(stage, 1)])}\nAssociated services:\n${services}`;
    assert.equal(printed(await stage.cmks(["get", "-v", "--cmk-id", id])), expected);
  },
  "sent byte for byte what the transcript in test/wire says": async (stage) => {
    const steps = readTranscript().filter(({ title }) => title.startsWith("avn ") || title.startsWith("aiven.client "));
    const expected = steps.flatMap((exchange) => exchange.steps.filter(({ kind }) => kind === "send").map(({ lines }) => lines));
    const sent = stage.tap.takeRequests().map((request) => linesOf(request, stage.placeholders));
    assert.deepEqual(sent.map(withFewEncodings), expected);
  },
};

/** Further forms of the commands, each in a project of its own. */
const aside: Readonly<Record<string, Case>> = {
  "prints JSON: an array for create, list, update and delete, an object for get": async (stage) => {
    const resource = await stage.server.createKey();
    const run = async (...args: readonly string[]): Promise<unknown> =>
      printedJson(await stage.aside("json", [...args, "--json"]));
    assert.deepEqual(await run("list"), []);
    const [created] = (await run("create", "--provider", "aws", "--resource", resource, "--default-cmk")) as [Cmk];
    assert.deepEqual(Object.keys(created).sort(), [...cmkColumns].sort());
    const id = String(created.id);
    assert.deepEqual(await run("list"), [created]);
    assert.deepEqual(await run("get", "--cmk-id", id), created);
    await stage.server.seal("json");
    const associations = [{ service_name: "crm", status: "active" }];
    // The first use was a check of the key, and how the last one ended is shown too.
    const { validation, ...shown } = (await run("get", "-v", "--cmk-id", id)) as Cmk & { validation: { code: string } };
    assert.equal(validation.code, "ok");
    assert.deepEqual(shown, { ...created, service_associations: associations });
    const [updated] = (await run("update", "--cmk-id", id, "--default-cmk", "0")) as [Cmk];
    assert.deepEqual({ ...updated, updated_at: created.updated_at }, { ...created, default_cmk: false });
    refused(await stage.aside("json", ["delete", "--cmk-id", id, "--json"]), 409, /1 data key/);
    const accessors = await run("accessors");
    assert.deepEqual(Object.keys(accessors as object), ["aws", "azure", "gcp", "oci"]);
  },
  "registers keys of Azure and OCI, deletes one as JSON, and lists the other": async (stage) => {
    const create = async (provider: "azure" | "oci"): Promise<Cmk> => {
      const said = await stage.aside("clouds", ["create", "--provider", provider, "--resource", elsewhere[provider], "--json"]);
      const [cmk] = printedJson(said) as [Cmk];
      assert.deepEqual([cmk.provider, cmk.resource], [provider, elsewhere[provider]]);
      return cmk;
    };
    const azure = await create("azure");
    const oci = await create("oci");
    const [deleted] = printedJson(await stage.aside("clouds", ["delete", "--cmk-id", String(azure.id), "--json"])) as [Cmk];
    assert.deepEqual({ ...deleted, updated_at: azure.updated_at }, { ...azure, status: "deleted" });
    assert.equal(printed(await stage.aside("clouds", ["list"])), table(shortColumns, [oci]));
  },
  "takes 1 for true, and refuses other words by itself": async (stage) => {
    const create = ["create", "--provider", "aws", "--resource", await stage.server.createKey(), "--json"];
    const [cmk] = printedJson(await stage.aside("words", create)) as [Cmk];
    const update = async (word: string): Promise<Said> =>
      stage.aside("words", ["update", "--cmk-id", String(cmk.id), "--default-cmk", word]);
    const [row] = rowsOf(await update("1"));
    assert.equal(row?.["default_cmk"], "true");
    const { exit, stdout, stderr } = await update("yes");
    assert.deepEqual({ exit, stdout }, { exit: 1, stdout: "" });
    assert.match(stderr, /^ERROR\tcommand failed: UserError: --default-cmk must be 'true' or 'false'\n$/);
  },
  "knows no provider local": async (stage) => {
    const { exit, stdout, stderr } = await stage.aside("usage", ["create", "--provider", "local", "--resource", "local:key"]);
    assert.deepEqual({ exit, stdout }, { exit: 2, stdout: "" });
    assert.match(stderr, /error: argument --provider: invalid choice/);
  },
  "is told what a resource must look like, and that an id or a project is none": async (stage) => {
    const create = ["create", "--provider", "aws", "--resource", "'; drop table cmks; --"];
    refused(await stage.aside("wrong", create), 400, /expected arn:PARTITION:kms:/);
    refused(await stage.aside("wrong", ["delete", "--cmk-id", "../../.."]), 404, /no such/);
    refused(await stage.aside("a/b", ["list"]), 404, /no such/);
    assert.equal(printed(await stage.aside("Zürich & Söhne 100%", ["list"])), "");
  },
};

/** What is tried with the unmodified avn, one after another. */
export const avnCases: Readonly<Record<string, Case>> = { ...inOrder, ...aside };

/** Newer versions of Python offer more than the two that the transcript has. */
function withFewEncodings(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^(Accept-Encoding: gzip, deflate)(?:, \w+)+$/, "$1"));
}

function keyOf({ placeholders }: AvnStage, number = 1): string {
  return placeholders.fill(`\${key ${number}}`);
}

function idOf({ placeholders }: AvnStage, number: number): string {
  return placeholders.fill(`\${cmk ${number}}`);
}

/** The CMK that the command has just made, as the registry has it. */
async function learned(stage: AvnStage, said: Said): Promise<Cmk> {
  const [row] = rowsOf(said);
  const id = row?.["id"] ?? "";
  stage.placeholders.learnCmk(id);
  return found(stage, id);
}

async function cmkOf(stage: AvnStage, number: number): Promise<Cmk> {
  return found(stage, idOf(stage, number));
}

async function found(stage: AvnStage, id: string): Promise<Cmk> {
  const cmk = (await cmksOf(stage)).find((each) => each.id === id);
  assert.ok(cmk, `acme has no CMK ${id}`);
  return cmk;
}

/** Acme's, straight from the registry. */
async function cmksOf({ server }: AvnStage): Promise<readonly Cmk[]> {
  return (await server.registry.list("acme")).map(({ id, provider, resource, defaultCmk, status, createdAt, updatedAt }) => ({
    id,
    provider,
    resource,
    default_cmk: defaultCmk,
    status,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  }));
}
