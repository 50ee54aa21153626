import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";

import type { Deps } from "../src/deps.ts";
import { logLines } from "../src/log-lines.ts";
import { startServer, type Server } from "../src/server-start.ts";
import type { OpenRegistry } from "../src/server-registry.ts";
import { hastyClock, type Given, type Outcome } from "./command.ts";
import { inAcme } from "./registry-double.ts";
import { registrySetup, type RegistrySetup } from "./registry-setup.ts";

type Run = (argv: readonly string[], given?: Given) => Promise<Outcome>;

/** A project with two keys, the first of which is the default and has data keys. */
interface Customer extends RegistrySetup {
  readonly config: Run;
  readonly from: string;
  readonly to: string;
  /** The ARN of the key of `to`. */
  readonly other: string;
  /** Opens all that was sealed, with nothing in memory. */
  readonly opened: () => Promise<readonly string[]>;
  readonly words: readonly string[];
}

async function customer(dataKeys: number): Promise<Customer> {
  const setup = await registrySetup();
  const config: Run = async (argv, given) => setup.cmkit([...argv, "--config", "cmkit.json"], { clock: quickClock(), ...given });
  const other = await setup.emulator.createKey({ region: "us-east-1", account: "111122223333", keySpec: "SYMMETRIC_DEFAULT" });
  const create = async (resource: string, ...more: readonly string[]): Promise<string> => {
    const argv = ["cmks", "create", ...inAcme, "--provider", "aws", "--resource", resource, "--json", ...more];
    return (JSON.parse((await config(argv)).stdout) as { id: string }).id;
  };
  const [from, to] = [await create(setup.key, "--default-cmk"), await create(other)];
  const { registry } = await setup.registry();
  const box = registry.envelope({ service: "crm", dataKeyMessages: 1 });
  const words = Array.from({ length: dataKeys }, (_, i) => `word ${i}`);
  const sealed: Uint8Array[] = [];
  for (const word of words) sealed.push(await box.seal(Buffer.from(word), { tenant: "acme", path: [word] }));
  const opened: Customer["opened"] = async () => {
    const fresh = (await setup.registry()).registry.envelope({ service: "crm" });
    const open = async (message: Uint8Array, word: string): Promise<string> =>
      Buffer.from(await fresh.open(message, { tenant: "acme", path: [word] })).toString();
    return Promise.all(sealed.map(async (message, i) => open(message, words[i] ?? "")));
  };
  return { ...setup, config, from, to, other, opened, words };
}

/** The same commands on the store itself, and against a server. */
const ways: readonly (readonly [name: string, run: (customer: Customer) => Promise<Run>])[] = [
  ["--config", async ({ config }) => config],
  [
    "--url",
    async (setup) => {
      const run = await setup.serve("operator", "*"); // a retire tells of all projects
      return async (argv, given) => run(argv, { clock: quickClock(), ...given });
    },
  ],
];

/** As the usual one, but that others get their turn: the engine works in the same thread. */
function quickClock(): Deps["clock"] {
  const hasty = hastyClock();
  return { ...hasty, sleep: async (ms, signal) => Promise.all([hasty.sleep(ms, signal), sleep(ms / 20)]).then(() => {}) };
}

const never = async (): Promise<void> => new Promise(() => {});

it("is refused a retire with a token of one project, and told which one it takes", async () => {
  const setup = await customer(0);
  const run = await setup.serve("operator", "acme");
  const { exitCode, stderr } = await run(["retire", ...inAcme, "--cmk-id", setup.from]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("takes a token for all projects (forbidden).\n");
  expect(stderr).toContain("`cmkit token create --project '*' --role operator`");
});

describe.each(ways)("a registry's data keys by %s", (_way, connect) => {
  it("move from one key to another, which is proven then; the data opens without the old key", async () => {
    const setup = await customer(5);
    const { from, to, emulator, key } = setup;
    const run = await connect(setup);
    const rewrap = ["rewrap", ...inAcme, "--from", from, "--to", to];
    const dry = await run([...rewrap, "--dry-run"]);
    expect(dry).toMatchObject({
      exitCode: 0,
      stdout: `5 data keys would be rewrapped from ${from} to ${to}. Nothing was changed.\n`,
    });
    const retire = ["retire", ...inAcme, "--cmk-id", from];
    const current = await run(retire);
    expect(current).toMatchObject({ exitCode: 1, stdout: "" });
    expect(current.stderr).toMatch(
      /because it is current.*`cmkit rewrap --project .*\(in-use\)\.\n.*Then run this one again\.\n$/,
    );
    const done = await run([...rewrap, "--concurrency", "2"]);
    expect(done.exitCode).toBe(0);
    expect(done.stdout).toMatch(new RegExp(`^done: 5 data keys rewrapped from ${from} to ${to}\\.\n`));
    const cmks = JSON.parse((await run(["cmks", "list", ...inAcme, "--json"])).stdout) as object[];
    expect(cmks).toMatchObject([
      { id: from, status: "old", default_cmk: false },
      { id: to, status: "current", default_cmk: true },
    ]);
    const page = await run(retire);
    expect(page).toMatchObject({ exitCode: 0, stderr: "" });
    expect(page.stdout).toMatch(/\n\S+ +5 +0 +5 +0 +0\nmade \+ rewrapped in/);
    expect(page.stdout).toContain("\nNOT YET to be destroyed");
    const slip = await run([...retire, "--backups-until", "2001-01-01"]);
    expect(slip).toMatchObject({ exitCode: 1, stdout: "" });
    const [noBackups = ""] = /(?<=if there is none, )[\dTZ:.-]+Z/.exec(slip.stderr) ?? [];
    const safe = JSON.parse((await run([...retire, "--backups-until", noBackups, "--json"])).stdout) as object;
    expect(safe).toMatchObject({ safe_to_destroy: true, backups_until: noBackups });
    emulator.disableKey(key);
    expect(await setup.opened()).toEqual(setup.words);
  });

  it("that cannot be moved are named, and the same command moves them once they can be", async () => {
    const setup = await customer(3);
    const { from, to, emulator, key } = setup;
    const run = await connect(setup);
    emulator.disableKey(key);
    const partial = await run(["rewrap", ...inAcme, "--from", from, "--to", to]);
    expect(partial.exitCode).toBe(1);
    expect(partial.stdout).toMatch(
      /by their ids:\n(?: {2}[\w-]{43}\n){3}\npartial: 0 of 3 data keys rewrapped .*; 3 left\.\n\ncode +data keys\n=+ +=+\nkey-disabled +3\n\nkey-disabled: `cmkit cmks check` of both keys/,
    );
    const again = /\nThen go on: cmkit (?<argv>.+)\n$/.exec(partial.stdout)?.groups?.["argv"] ?? "";
    const refused = await run(["retire", ...inAcme, "--cmk-id", from]);
    expect(refused.stderr).toMatch(/^cmkit: The CMK cannot be retired\. 3 data keys depend on it\. Move them: `cmkit rewrap/);
    emulator.enableKey(key);
    const argv = again
      .split(" ")
      .filter((_, at, all) => !/^--(?:config|url)$/.test(all[at] ?? "") && !/^--(?:config|url)$/.test(all[at - 1] ?? ""));
    expect(await run(argv)).toMatchObject({ exitCode: 0 });
    expect(await setup.opened()).toEqual(setup.words);
  });

  it("are not moved to a key that refuses: nothing is changed then", async () => {
    const setup = await customer(1);
    const { from, to, emulator, other } = setup;
    const run = await connect(setup);
    emulator.disableKey(other);
    const refused = await run(["rewrap", ...inAcme, "--from", from, "--to", to]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(/\(key-disabled\)\.\nNothing was changed\. `cmkit cmks check`/);
    expect((await run(["cmks", "get", ...inAcme, "--cmk-id", from])).stdout).toMatch(/^status +current$/m);
  });
});

describe("Ctrl-C", () => {
  it("ends a rewrap that this process does, after which the command goes on with the rest", async () => {
    const setup = await customer(40);
    const { from, to, config } = setup;
    const asked = Promise.withResolvers<void>();
    const clock = { ...hastyClock(), sleep: async () => (asked.resolve(), never()) };
    const rewrap = ["rewrap", ...inAcme, "--from", from, "--to", to, "--concurrency", "1"];
    const stopped = await config(rewrap, { clock, untilAskedToEnd: async () => asked.promise });
    expect(stopped).toMatchObject({ exitCode: 1, stdout: "" });
    expect(stopped.stderr).toMatch(
      new RegExp(
        "^cmkit: stopping; what is rewrapped stays so\\.\n" +
          "cmkit: Interrupted: at most \\d+ of 40 data keys are left\\.\n" +
          `To go on: cmkit rewrap --config cmkit\\.json --project acme --from ${from} --to ${to} --concurrency 1\n$`,
      ),
    );
    expect(await config(rewrap)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^done: /) as string });
    expect(await setup.opened()).toEqual(setup.words);
  });
});

describe("two people who rewrap to two keys", () => {
  it("are not both told that it was done: who began first ends, and what went to that key is rewrapped from there", async () => {
    const setup = await customer(40);
    const { from, to, config, emulator } = setup;
    const spec = { region: "us-east-1", account: "111122223333", keySpec: "SYMMETRIC_DEFAULT" } as const;
    const resource = await emulator.createKey(spec);
    const { registry } = await setup.registry();
    const { id: third } = await registry.register("acme", { provider: "aws", resource });
    let second: Promise<unknown> | undefined;
    const quick = quickClock();
    const meanwhile = async (ms: number): Promise<void> => {
      await (second ??= registry.startRewrap("acme", { from, to: third }));
      await quick.sleep(ms);
    };
    const argv = ["rewrap", ...inAcme, "--from", from, "--to", to, "--concurrency", "1"];
    expect(await config(argv, { clock: { ...quick, sleep: meanwhile } })).toEqual({
      exitCode: 1,
      stdout: "",
      stderr:
        `cmkit: Somebody else has begun to rewrap the same data keys to ${third}.\n` +
        "Agree on one key: `cmkit cmks list` shows them. Then rewrap what is under the other one.\n",
    });
    await registry.rewrap("acme", { from, to: third });
    expect(await config(["rewrap", ...inAcme, "--from", to, "--to", third])).toMatchObject({ exitCode: 0 });
    expect(await registry.dataKeyCount("acme", third)).toBe(40);
    expect(await setup.opened()).toEqual(setup.words);
  });
});

describe("a server that ends while it rewraps", () => {
  it("is told to go on once it is there again", async () => {
    const setup = await customer(40);
    const { from, to } = setup;
    const first = await setup.registry();
    const { secret } = await first.tokens.create("acme", "operator");
    const server = await served(first, 0);
    const port = Number(new URL(server.url).port);
    const restart = async (): Promise<void> => {
      await server.close();
      await first.registry.close();
      await served(await setup.registry(), port);
    };
    let restarted: Promise<void> | undefined;
    let polls = 0;
    const quick = quickClock();
    const restarting = async (ms: number): Promise<void> => {
      restarted ??= restart();
      polls += 1;
      if (polls > 5) await restarted;
      await quick.sleep(ms);
    };
    const run = await setup.cmkit(["rewrap", ...inAcme, "--from", from, "--to", to, "--concurrency", "1", "--url", server.url], {
      env: { CMKIT_TOKEN: secret },
      clock: { ...quick, sleep: restarting },
    });
    await restarted;
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^done: 40 data keys rewrapped/) as string });
    expect(await setup.opened()).toEqual(setup.words);
  });
});

async function served(opened: OpenRegistry, port: number): Promise<Server> {
  const server = await startServer(opened, { place: { host: "127.0.0.1", port }, log: logLines(() => {}) });
  onTestFinished(async () => server.close());
  return server;
}
