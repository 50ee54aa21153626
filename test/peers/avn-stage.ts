import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Placeholders } from "../wire/placeholders.ts";
import { placeholdersFor } from "../wire/play.ts";
import { startRegistry, type RegistryServer } from "../wire/registry-server.ts";
import { tap, type Tap } from "../wire/tap.ts";
import { python, pythonEnv } from "./python-environment.ts";

/** What a command said. */
export interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is started. */
export interface As {
  /** Null for none in the environment. */
  readonly token?: string | null;
  readonly project?: string | null;
  readonly url?: string;
}

const avn = `${dirname(python)}/avn`;
const script = fileURLToPath(new URL("python/avn_access_check.py", import.meta.url));

/** Our server with a tap before it, and the unmodified `avn` with an empty configuration. */
export class AvnStage implements AsyncDisposable {
  readonly server: RegistryServer;
  /** Through it come the commands that the transcript has. */
  readonly tap: Tap;
  readonly placeholders: Placeholders;
  /** Its AIVEN_CONFIG_DIR. */
  readonly directory: string;

  private constructor(server: RegistryServer, tapped: Tap, placeholders: Placeholders, directory: string) {
    this.server = server;
    this.tap = tapped;
    this.placeholders = placeholders;
    this.directory = directory;
  }

  static async start(): Promise<AvnStage> {
    const server = await startRegistry();
    const tapped = await tap(server.url);
    return new AvnStage(server, tapped, await placeholdersFor(server, tapped.url), await mkdtemp(`${tmpdir()}/cmkit-avn-`));
  }

  /** Runs `avn project cmks …`, through the tap and as acme's operator unless told otherwise. */
  async cmks(args: readonly string[], as: As = {}): Promise<Said> {
    return this.avn(["project", "cmks", ...args], as);
  }

  /** The same in a project of its own, and past the tap. */
  async aside(project: string, args: readonly string[]): Promise<Said> {
    return this.cmks(args, { project, token: this.server.tokens.everything, url: this.server.url });
  }

  async avn(args: readonly string[], { token, project, url = this.tap.url }: As = {}): Promise<Said> {
    return run(avn, args, {
      AIVEN_WEB_URL: url,
      AIVEN_CONFIG_DIR: this.directory,
      ...(token === null ? {} : { AIVEN_AUTH_TOKEN: token ?? this.server.tokens.operator }),
      ...(project === null ? {} : { AIVEN_PROJECT: project ?? "acme" }),
    });
  }

  /** What aiven.client gives for an access check. */
  async accessCheck(id: string): Promise<unknown> {
    const said = await run(python, [script, this.tap.url, this.server.tokens.operator, "acme", id], {});
    assert.equal(said.exit, 0);
    return JSON.parse(said.stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tap[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }
}

/** With nothing of this process's environment, where variables may be set that these programs follow. */
async function run(command: string, args: readonly string[], variables: Readonly<Record<string, string>>): Promise<Said> {
  const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", COLUMNS: "200", ...pythonEnv, ...variables };
  const said = await new Promise<Said>((resolve) => {
    execFile(command, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exit, stdout, stderr });
    });
  });
  assert.doesNotMatch(`${said.stdout}${said.stderr}`, /Traceback/, `${args.join(" ")} ended in a traceback`);
  return said;
}
