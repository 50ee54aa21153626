import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Placeholders } from "../wire/placeholders.ts";
import { linesOf, placeholdersFor } from "../wire/play.ts";
import { accessors, startRegistry, type RegistryServer } from "../wire/registry-server.ts";
import { tap, type Tap } from "../wire/tap.ts";
import { readTranscript } from "../wire/transcript.ts";
import { goProgram } from "./go-module.ts";
import type { Peer } from "./peer.ts";

const { install, command } = goProgram(fileURLToPath(new URL("go", import.meta.url)));

interface Stage {
  readonly server: RegistryServer;
  readonly tap: Tap;
  readonly placeholders: Placeholders;
}

/** What the program prints. @see go/main.go */
interface Reply {
  readonly ok: Readonly<Record<string, unknown>> | null;
  readonly error?: { readonly message: string; readonly notFound: boolean; readonly alreadyExists: boolean };
}

/** In the order of the transcript. */
const cases: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  "is told whom to grant access": async (stage) => assert.deepEqual(await done(stage, "accessors"), accessors),
  "registers a key": async (stage) => {
    const resource = stage.placeholders.fill("${key 2}");
    const { id, ...cmk } = await done(stage, "create", "", { provider: "aws", resource });
    stage.placeholders.learnCmk(String(id));
    const { created_at, updated_at } = cmk;
    assert.deepEqual(cmk, { created_at, default_cmk: false, provider: "aws", resource, status: "current", updated_at });
  },
  "is told that the key already exists, and does not try again": async (stage) => {
    const body = { default_cmk: true, provider: "aws", resource: stage.placeholders.fill("${key 2}") };
    assert.equal((await refused(stage, "create", "", body)).alreadyExists, true);
  },
  "shows a CMK, changes it, and changes nothing": async (stage) => {
    const before = await done(stage, "get", cmkOf(stage));
    const changed = await done(stage, "update", cmkOf(stage), { default_cmk: true });
    assert.deepEqual({ ...changed, updated_at: before["updated_at"] }, { ...before, default_cmk: true });
    assert.deepEqual(await done(stage, "update", cmkOf(stage), {}), changed);
    assert.deepEqual(await done(stage, "update", cmkOf(stage)), changed);
  },
  "asks whether access works": async (stage) => assert.equal((await done(stage, "check", cmkOf(stage)))["id"], cmkOf(stage)),
  "deletes a CMK, and takes 404 for done": async (stage) => {
    assert.equal((await done(stage, "delete", cmkOf(stage)))["id"], cmkOf(stage));
    assert.equal((await refused(stage, "delete", cmkOf(stage))).notFound, true);
  },
  "sent byte for byte, and once, what the transcript in test/wire says": async ({ tap, placeholders }) => {
    const own = readTranscript().filter(({ title }) => title.startsWith("go-client-codegen "));
    const expected = own.flatMap(({ steps }) => steps.filter(({ kind }) => kind === "send").map(({ lines }) => lines));
    assert.deepEqual(
      tap.takeRequests().map((request) => linesOf(request, placeholders)),
      expected,
    );
  },
  "is refused with a viewer's token and with none that is known": async (stage) => {
    const { viewer } = stage.server.tokens;
    assert.match((await refused({ ...stage, token: viewer }, "delete", randomUUID())).message, /^\[403 CMKDelete\]: /);
    assert.match((await refused({ ...stage, token: "unknown" }, "accessors")).message, /^\[401 CMKAccessorsList\]: /);
  },
};

/** What Terraform's provider for Aiven calls. */
export const goClientCodegen: Peer = {
  name: "go-client-codegen",
  from: "github.com/aiven/go-client-codegen 0.237.0, a Go module, on our registry's HTTP API",
  caseCount: Object.keys(cases).length,
  deviations: {},
  onlyByName: "to build it takes more than a minute of a processor: `npm run test:peers -- go-client-codegen`",
  install,
  async start() {
    const server = await startRegistry();
    const tapped = await tap(server.url);
    const placeholders = await placeholdersFor(server, tapped.url);
    for (let before = 0; before < 2; before += 1) placeholders.learnCmk(randomUUID()); // avn's
    const stage: Stage = { server, tap: tapped, placeholders };
    return {
      cases: Object.entries(cases).map(([name, run]) => ({ name, run: async () => run(stage) })),
      async stop() {
        await tapped[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};

type Asked = readonly [operation: string, id?: string, body?: Readonly<Record<string, unknown>>];

async function done(stage: Stage, ...asked: Asked): Promise<Readonly<Record<string, unknown>>> {
  const { ok, error } = await call(stage, ...asked);
  assert.ok(ok, error?.message ?? "nothing came back");
  return ok;
}

async function refused(stage: Stage & { readonly token?: string }, ...asked: Asked): Promise<NonNullable<Reply["error"]>> {
  const { error } = await call(stage, ...asked);
  assert.ok(error, "it was not refused");
  return error;
}

/** With nothing of this process's environment. */
async function call(
  { server, tap, token = server.tokens.operator }: Stage & { readonly token?: string },
  ...[operation, id = "", body]: Asked
): Promise<Reply> {
  const args = [operation, "acme", id, body === undefined ? "" : JSON.stringify(body)];
  const env = { AIVEN_WEB_URL: `${tap.url}/`, AIVEN_TOKEN: token };
  const { stdout } = await promisify(execFile)(command, args, { env, timeout: 60_000 });
  return JSON.parse(stdout) as Reply;
}

function cmkOf({ placeholders }: Stage): string {
  return placeholders.fill("${cmk 3}");
}
