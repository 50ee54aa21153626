import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { RegisteredCmk } from "@cmkit/registry";
import { describe, expect, it, onTestFinished } from "vitest";

import { appKey, appPath } from "./application-cloud.ts";
import { checkRegistry, withRegistry, type OpenedRegistry } from "./check-registry.ts";
import { Ledger, type Attempt } from "./ledger.ts";

const project = "acme";

/** A registry in a file, whose clients write down what they were told. */
class Watched {
  readonly ledger = new Ledger();
  private readonly directory = mkdtempSync(join(tmpdir(), "cmkit-soak-check-"));
  private readonly file = join(this.directory, "cmkit.db");
  private readonly recordKey = crypto.getRandomValues(new Uint8Array(32));
  private asked = 0;

  constructor() {
    onTestFinished(() => rmSync(this.directory, { recursive: true }));
  }

  private get setUp(): Parameters<typeof checkRegistry>[1] {
    const { directory, recordKey, file } = this;
    return { directory, config: "", store: `sqlite:${file}`, recordKey };
  }

  async use<T>(run: (opened: OpenedRegistry) => Promise<T>): Promise<T> {
    return withRegistry(this.setUp, run);
  }

  async asks(
    action: Attempt["action"],
    ask: (opened: OpenedRegistry, requestId: string) => Promise<RegisteredCmk>,
  ): Promise<string> {
    this.asked += 1;
    const requestId = `request-${this.asked}`;
    const sentMs = Date.now();
    const { id, provider, resource, defaultCmk, status } = await this.use(async (opened) => ask(opened, requestId));
    const cmk = { id, provider, resource, default_cmk: defaultCmk, status, created_at: "", updated_at: "" };
    this.ledger.attempts.push({ requestId, action, project, sentMs, endedMs: Date.now(), outcome: "acknowledged", cmk });
    return id;
  }

  async registers(isDefault = true): Promise<string> {
    return this.asks("cmk.create", async ({ registry }, requestId) =>
      registry.register(project, { provider: "local", resource: appKey, defaultCmk: isDefault }, { requestId }),
    );
  }

  async updates(id: string, change: { defaultCmk?: boolean; status?: "current" | "old" }): Promise<void> {
    await this.asks("cmk.update", async ({ registry }, requestId) => registry.update(project, id, change, { requestId }));
  }

  /** What happens next has never been. */
  forgets(): () => void {
    cpSync(this.file, `${this.file}.kept`);
    return () => cpSync(`${this.file}.kept`, this.file);
  }

  sql(statement: string): void {
    const db = new DatabaseSync(this.file);
    db.exec(statement);
    db.close();
  }

  async problems(): Promise<string[]> {
    const problems: string[] = [];
    const soak = { problem: (text: string) => void problems.push(text), acknowledged: 0 };
    await checkRegistry(soak, this.setUp, this.ledger);
    return problems;
  }
}

describe("what a soak looks at afterwards", () => {
  it("is well when everything acknowledged is there, an update that changed nothing too", async () => {
    const watched = new Watched();
    const id = await watched.registers();
    await watched.updates(id, { defaultCmk: true });
    await watched.updates(id, { defaultCmk: false });
    expect(await watched.problems()).toEqual([]);
  });

  it.each([
    ["a create", async (watched: Watched) => void (await watched.registers())],
    ["a token", async (watched: Watched) => giveToken(watched)],
  ])("notices %s that was acknowledged and is lost", async (_what, act) => {
    const watched = new Watched();
    await watched.use(async ({ registry }) => registry.externalId("other")); // makes the tables
    const forget = watched.forgets();
    await act(watched);
    expect(await watched.problems()).toEqual([]);
    forget();
    expect(await watched.problems()).toEqual([expect.stringContaining("was acknowledged and is lost")]);
  });

  it("notices a lost update", async () => {
    const watched = new Watched();
    const id = await watched.registers(false);
    const forget = watched.forgets();
    await watched.updates(id, { status: "old" });
    forget();
    expect(await watched.problems()).toEqual(["cmk.update request-2: was acknowledged and is lost"]);
  });

  it("notices a lost data key", async () => {
    const watched = new Watched();
    await watched.registers();
    const row = "1";
    const sealed = await watched.use(async ({ registry }) =>
      registry.envelope({ service: "test" }).seal(Buffer.from("text"), { tenant: project, path: appPath, context: { row } }),
    );
    watched.ledger.held.push({ kind: "sealed", project, row, text: Buffer.from(sealed).toString("base64url") });
    expect(await watched.problems()).toEqual([]);
    watched.sql("delete from cmkit_data_keys");
    expect(await watched.problems()).toEqual([expect.stringContaining("the data key of row 1 of acme")]);
  });

  it("notices half of a change, and what was refused and happened", async () => {
    const watched = new Watched();
    const id = await watched.registers();
    const [attempt] = watched.ledger.attempts;
    if (attempt === undefined) throw new Error("expected an attempt");
    watched.ledger.attempts.splice(0, 1, { ...attempt, outcome: "refused", cmk: undefined });
    expect(await watched.problems()).toEqual(["cmk.create request-1: was refused, and is in the audit log"]);
    watched.ledger.attempts.splice(0, 1, { ...attempt, outcome: "unknown", cmk: undefined });
    expect(await watched.problems()).toEqual([]);
    watched.sql("delete from cmkit_audit");
    expect(await watched.problems()).toEqual([
      `CMK ${id} is not as the audit log says`,
      "acme has other CMKs than the audit log says",
    ]);
  });

  it("notices a change without its row, and a broken log", async () => {
    const watched = new Watched();
    await watched.registers();
    watched.sql("delete from cmkit_cmks");
    expect(await watched.problems()).toEqual(["acme has other CMKs than the audit log says"]);
    watched.sql("update cmkit_audit set actor = 'nobody'");
    await expect(watched.problems()).rejects.toThrow(/Entry 1 of the audit log/);
  });
});

async function giveToken(watched: Watched): Promise<void> {
  const { token, secret } = await watched.use(async ({ tokens }) => tokens.create(project, "viewer"));
  watched.ledger.held.push({ kind: "token", id: token.id, secret });
}
