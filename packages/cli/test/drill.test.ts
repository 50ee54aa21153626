import { describe, expect, it } from "vitest";

import { drillChildren, type StartDrillChild } from "../src/drill-child.ts";
import { drillCommand, type DrillOptions } from "../src/drill-command.ts";
import { drillDeeds } from "../src/drill-process.ts";
import { drillNowMs } from "../src/drill-task.ts";
import type { Outcome } from "./command.ts";
import { inAcme } from "./registry-double.ts";
import { registrySetup, type RegistrySetup } from "./registry-setup.ts";

/** The processes of a drill, in this one. */
const here: StartDrillChild = (task, heard) => {
  const ended = new AbortController();
  const over = drillDeeds(task, ended.signal, (deed) => heard({ deed })).catch(() => heard({ failed: "it threw" }));
  return {
    async end() {
      ended.abort();
      await over;
    },
  };
};

/** A process that goes on whatever the KMS says: its last success is of that very millisecond, whenever the machine gets to it. */
function unmoved(lastMs: () => number): StartDrillChild {
  return (_task, heard) => {
    const says = (atMs: number, outcome: "ok" | "key-disabled"): void =>
      heard({ deed: { begunMs: atMs, endedMs: atMs, outcome } });
    const timer = setInterval(() => {
      const [atMs, untilMs] = [drillNowMs(), lastMs()];
      says(Math.min(atMs, untilMs), "ok");
      if (atMs > untilMs) says(atMs, "key-disabled");
    }, 20);
    return { end: async () => clearInterval(timer) };
  };
}

interface Given extends Partial<DrillOptions> {
  readonly start?: StartDrillChild;
  /** Told of each line on standard error. */
  readonly onLine?: (line: string) => void;
  readonly untilAskedToEnd?: () => Promise<void>;
}

/** A customer's key in an emulator, and drills on it. */
class Stage {
  readonly setup: RegistrySetup;
  readonly id: string;

  constructor(setup: RegistrySetup, id: string) {
    this.setup = setup;
    this.id = id;
  }

  async drill({ start = here, onLine = () => {}, untilAskedToEnd, ...options }: Given = {}): Promise<Outcome> {
    let [stdout, stderr] = ["", ""];
    const deps = { cwd: this.setup.path("."), untilAskedToEnd: untilAskedToEnd ?? (async () => new Promise<void>(() => {})) };
    const io = {
      stdout: (text: string) => void (stdout += text),
      stderr: (text: string) => {
        stderr += text;
        onLine(text);
      },
      terminal: undefined,
    };
    const given = { project: "acme", cmkId: this.id, config: "cmkit.json", ttl: 600, processes: 2, ...options };
    const exitCode = await drillCommand(given, deps, io, start).catch((error: unknown) => {
      stderr += error instanceof Error ? error.message : "no error";
      return 1;
    });
    return { exitCode, stdout, stderr };
  }

  keyState(): string {
    const { emulator, key } = this.setup;
    return emulator.keys.find(({ arn }) => arn === key)?.keyState ?? "none";
  }
}

async function newStage(): Promise<Stage> {
  const setup = await registrySetup();
  const create = ["cmks", "create", ...inAcme, "--provider", "aws", "--resource", setup.key, "--default-cmk", "--json"];
  const { stdout } = await setup.cmkit([...create, "--config", "cmkit.json"]);
  return new Stage(setup, (JSON.parse(stdout) as { id: string }).id);
}

describe("a drill", () => {
  it("passes with processes of its own, gives access back, and leaves data keys by which it is known", async () => {
    const stage = await newStage();
    const start = drillChildren(["--conditions=@cmkit/source"]);
    const { exitCode, stdout, stderr } = await stage.drill({ start, ttl: 1500, json: true });
    const report = JSON.parse(stdout) as { processes: { first_refusal_to_last_success_ms: number }[] };
    expect(report).toMatchObject({
      passed: true,
      failures: [],
      ttl_ms: 1500,
      real: false,
      access: "The key is enabled again in its emulator.",
      processes: [
        { process: 1, role: "reads", code: "key-disabled", request_to_refusal_ms: expect.any(Number) as number },
        { process: 2, role: "writes", code: "key-disabled", request_to_refusal_ms: expect.any(Number) as number },
      ],
    });
    for (const each of report.processes) expect(each.first_refusal_to_last_success_ms).toBeLessThanOrEqual(1500);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/has read or written\.\nDisabling the key.*\nThe first refusal came after .* s\.\nThe key is enabled/);
    expect(stage.keyState()).toBe("Enabled");
    const { registry } = await stage.setup.registry();
    expect(await registry.serviceAssociations("acme", stage.id)).toEqual([{ service: "cmkit-drill", status: "active" }]);
    expect(await registry.dataKeyCount("acme", stage.id)).toBe(2);
  }, 120_000);

  const ttl = 600;

  it.each([
    ["fails when a process is never refused", Infinity, 1, "\nFAILED.\nProcess 2, which writes, was never refused.\n"],
    [
      "fails when a process goes on after the TTL",
      ttl + 100,
      1,
      "\nFAILED.\nProcess 2, which writes, went on for 0.7 s after the first refusal; the TTL is 0.6 s.\n",
    ],
    [
      "passes when a process goes on for the TTL",
      ttl,
      0,
      ", 0.6 s after the first refusal that any of them saw. The TTL is 0.6 s.\n",
    ],
  ])("%s", async (_how, forMs, expected, words) => {
    const stage = await newStage();
    let refusedMs = Infinity;
    const stubborn = unmoved(() => refusedMs + forMs);
    const start: StartDrillChild = (task, heard) => {
      if (task.role === "writes") return stubborn(task, heard);
      return here(task, (said) => {
        if ("deed" in said && said.deed.outcome !== "ok") refusedMs = Math.min(refusedMs, said.deed.endedMs);
        heard(said);
      });
    };
    const { exitCode, stdout } = await stage.drill({ start, ttl });
    expect(exitCode).toBe(expected);
    expect(stdout).toMatch(/^process +does +refusal/);
    expect(stdout).toContain(words);
    expect(stage.keyState()).toBe("Enabled");
  });

  it("with --real asks for it, waits until the customer has done it, and does not give back what it did not take", async () => {
    const stage = await newStage();
    const { emulator, key } = stage.setup;
    const onLine = (line: string): void => {
      if (line.startsWith("Have the customer take the aws key away now: arn:aws:kms:")) emulator.disableKey(key);
    };
    const { exitCode, stdout, stderr } = await stage.drill({ real: true, onLine });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("\nPASSED. The last success was ");
    expect(stderr).toContain("the customer must give it back");
    expect(stage.keyState()).toBe("Disabled");
  });

  it("that is interrupted gives access back", async () => {
    const stage = await newStage();
    const interrupted = Promise.withResolvers<void>();
    const onLine = (line: string): void => {
      if (line.startsWith("The first refusal")) interrupted.resolve();
    };
    const { exitCode, stdout, stderr } = await stage.drill({ onLine, untilAskedToEnd: async () => interrupted.promise });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/The key is enabled again in its emulator\.\nInterrupted\.$/);
    expect(stage.keyState()).toBe("Enabled");
  });

  it("ends when a process does, and gives access back", async () => {
    const stage = await newStage();
    const start: StartDrillChild = (task, heard) => {
      if (task.role === "writes") return here(task, heard);
      let deeds = 0;
      return here(task, (said) => heard((deeds += 1) > 3 ? { failed: "it ended" } : said));
    };
    const { exitCode, stderr } = await stage.drill({ start });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\nProcess 1, which reads, failed: it ended\.$/);
    expect(stage.keyState()).toBe("Enabled");
  });

  it("does not begin with a key that is not in use, or that the registry does not have", async () => {
    const stage = await newStage();
    const { emulator, key, cmkit } = stage.setup;
    const other = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";
    const create = ["cmks", "create", ...inAcme, "--provider", "aws", "--resource", other, "--json", "--config", "cmkit.json"];
    const { id } = JSON.parse((await cmkit(create)).stdout) as { id: string };
    expect((await stage.drill({ cmkId: id })).stderr).toMatch(
      /^The CMK is not the default: .*\nA drill seals messages of its own/,
    );
    const drill = ["drill", ...inAcme, "--config", "cmkit.json", "--cmk-id"];
    expect((await cmkit([...drill, "5f0a3b1e-0000-4000-8000-000000000000"])).stderr).toContain("(not-found)");
    emulator.disableKey(key);
    const { exitCode, stdout, stderr } = await cmkit([...drill, stage.id]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^cmkit: aws: the key is disabled.*[^.] \(key-disabled\)\.\n`cmkit cmks check` of the key says what to do\. In/,
    );
    expect(stderr).toContain(
      `\`emulatorControl({ url, controlToken }).enableKey("${key}")\` of @cmkit/emulators enables it again; `,
    );
    expect(stderr).toContain("url is aws.endpoint in cmkit.dev.json");
    emulator.enableKey(key);
    emulator.scheduleKeyDeletion(key);
    expect((await cmkit([...drill, stage.id])).stderr).toMatch(
      /\(key-pending-deletion\)\.\n`cmkit cmks check` of the key says what to do\.\n$/,
    );
  });

  it.each([
    [["--url", "http://127.0.0.1:9"], /^cmkit: A drill works on the store itself, not through a server: .*\nGive --config/],
    [["--store", "sqlite:cmkit.db", "--record-key", "record.key"], /^cmkit: These keys are in a cloud, .*\nWith --real/],
    [["--config", "cmkit.json", "--dev", "cmkit.dev.json"], /^cmkit: Expected one of --config, --dev/],
    [["--config", "cmkit.json", "--ttl", "31m"], /Expected a time from 500ms to 30m\./],
    [["--config", "cmkit.json", "--processes", "1"], /Expected a whole number from 2 to 64\./],
  ])("is refused as bad usage with %s", async (options, expected) => {
    const { cmkit } = await registrySetup();
    const { exitCode, stdout, stderr } = await cmkit([
      "drill",
      ...inAcme,
      "--cmk-id",
      "5f0a3b1e-0000-4000-8000-000000000000",
      ...options,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(expected);
  });
});
