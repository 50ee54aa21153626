import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

import { usual, type Workshop, workshop } from "./workshop.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<{ exitCode: number | null; stderr: string }>;
}

/** Starts the command as a process of its own, in the directory of the workshop. */
function start(
  shop: Workshop,
  argv: readonly string[],
  nodeFlags: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Started {
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", ...nodeFlags, main, ...argv], { cwd: shop.dir, env });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => {}); // it may end before it has read everything
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = (once(child, "close") as Promise<[number | null]>).then(([exitCode]) => ({ exitCode, stderr }));
  return { child, ended };
}

function* lines(count: number, length = 400): Generator<string> {
  for (let id = 0; id < count; id += 1)
    yield `{"id":${id},"email":"${id}@example.com","phone":"+44 ${id}","note":"${"x".repeat(length)}"}\n`;
}

/** Resolves once the run has begun to write: the temporary file is there, and has something in it. */
async function underWay({ child }: Started, shop: Workshop): Promise<string> {
  const feed = lines(Number.MAX_SAFE_INTEGER);
  for (;;) {
    const [text, ended] = [feed.next().value as string, child.exitCode];
    if (ended !== null) throw new Error("it ended before it had begun");
    if (!child.stdin.write(text)) await once(child.stdin, "drain");
    const part = readdirSync(shop.dir).find((name) => name.startsWith("out.") && name.endsWith(".tmp"));
    if (part !== undefined && shop.read(part).length > 0) return part;
  }
}

describe("cmkit seal, as a process", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "interrupted by %s while it waits for more, ends with 1 and leaves no output",
    async (signal) => {
      const shop = await workshop();
      const run = start(shop, ["seal", ...usual, "--out", "out"]);
      await underWay(run, shop);
      run.child.kill(signal);
      expect(await run.ended).toEqual({ exitCode: 1, stderr: "cmkit: Interrupted. Nothing was written under the final name.\n" });
      expect(readdirSync(shop.dir).sort()).toEqual(["cmkit.dev.json", "out.keys"]);
    },
  );

  it("interrupted while nobody reads what it writes, ends as well", async () => {
    const shop = await workshop();
    const run = start(shop, ["seal", ...usual, "--keys", "keys"]);
    for (const line of lines(2000)) run.child.stdin.write(line);
    await once(run.child.stdout, "readable"); // and no more is read
    run.child.kill("SIGINT");
    run.child.stdout.destroy();
    expect((await run.ended).exitCode).toBe(1);
  });

  it("killed, leaves nothing under the final name", async () => {
    const shop = await workshop();
    const run = start(shop, ["seal", ...usual, "--out", "out"]);
    const part = await underWay(run, shop);
    run.child.kill("SIGKILL");
    await run.ended;
    expect(readdirSync(shop.dir).sort()).toEqual(["cmkit.dev.json", "out.keys", part].sort());
  });

  it("says so when its reader goes away before the end", async () => {
    const shop = await workshop();
    const run = start(shop, ["seal", ...usual, "--keys", "keys"]);
    const feeding = pipeline(Readable.from(lines(20_000)), run.child.stdin).catch(() => {});
    await once(run.child.stdout, "data");
    run.child.stdout.destroy();
    expect(await run.ended).toEqual({ exitCode: 1, stderr: "cmkit: Standard output was closed by its reader before the end.\n" });
    await feeding;
  });

  /** What is piped in, and how much memory it took at most, in MiB, beyond that for a few rows. */
  async function memoryFor(
    shop: Workshop,
    source: () => Iterable<string | Buffer>,
    out: string,
  ): Promise<{ mib: number; stderr: string }> {
    const peak = 'process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}`));';
    const run = start(
      shop,
      ["seal", ...usual, "--out", out, "--skip-bad"],
      [`--import=data:text/javascript,${encodeURIComponent(peak)}`],
    );
    await pipeline(Readable.from(source(), { highWaterMark: 1 }), run.child.stdin);
    const { stderr } = await run.ended;
    return { mib: Number(/peak (\d+)$/.exec(stderr)?.[1]) / 1024, stderr };
  }

  it("takes a line of 400 MB as a bad row, and a file of 200 MB, in memory for a few rows of 16 MiB", async () => {
    const shop = await workshop();
    const chunk = Buffer.alloc(1024 * 1024, "x");
    function* longLine(): Generator<string | Buffer> {
      yield* lines(10);
      yield '{"id":"long","email":"';
      for (let i = 0; i < 400; i += 1) yield chunk;
      yield '"}\n';
      yield* lines(10);
    }
    const few = await memoryFor(shop, () => lines(20), "few");
    const long = await memoryFor(shop, longLine, "long");
    const many = await memoryFor(shop, () => lines(20_000, 10_000), "many");
    expect(long.stderr).toMatch(/^row 11: longer than 16 MiB, .*\nsealed 20 rows \(40 values\) /);
    expect(many.stderr).toMatch(/^sealed 20,000 rows \(40,000 values\) /);
    expect(long.mib - few.mib).toBeLessThan(150);
    expect(many.mib - few.mib).toBeLessThan(100);
  }, 120_000);

  it("with --jobs gives the same rows in the same order, and opens what one thread sealed", async () => {
    const shop = await workshop();
    const text = [...lines(2000)].join("");
    const csv = `id,email,phone\n${Array.from({ length: 2000 }, (_, id) => `${id},"a\n""${id}""",${id % 3 === 0 ? "" : '""'}\n`).join("")}`;
    for (const [name, content] of [
      ["in.jsonl", text],
      ["in.csv", csv],
    ] as const) {
      shop.write(name, content);
      const sealed = await start(shop, ["seal", ...usual, "--in", name, "--out", `${name}.s`, "--jobs", "2"]).ended;
      expect(sealed).toMatchObject({
        exitCode: 0,
        stderr: expect.stringMatching(/^sealed 2,000 rows .* under 2 data keys, 4 KMS requests/) as string,
      });
      expect(await shop.open("--in", `${name}.s`, "--out", `${name}.o1`)).toMatchObject({ exitCode: 0 });
      expect(
        await start(shop, ["open", ...usual, "--in", `${name}.s`, "--out", `${name}.o2`, "--jobs", "3"]).ended,
      ).toMatchObject({ exitCode: 0 });
      expect(shop.read(`${name}.o1`)).toBe(content);
      expect(shop.read(`${name}.o2`)).toBe(content);
    }
  }, 120_000);

  it("with --jobs names a bad row and a refusal as one thread does", async () => {
    const shop = await workshop();
    shop.write("in.jsonl", `${[...lines(500)].join("")}broken\n${[...lines(500)].join("")}`);
    const bad = await start(shop, ["seal", ...usual, "--in", "in.jsonl", "--out", "out", "--jobs", "2"]).ended;
    expect(bad).toEqual({ exitCode: 1, stderr: "cmkit: row 501: not JSON.\nMend it, or leave such rows out with --skip-bad.\n" });
    shop.emulator.disableKey(shop.key);
    const refused = await start(shop, ["seal", ...usual, "--in", "in.jsonl", "--out", "out", "--jobs", "2"]).ended;
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^cmkit: aws: .*\(key-disabled\)\.\nHave the key's owner enable it/);
    expect(readdirSync(shop.dir).filter((name) => name.startsWith("out") && name !== "out.keys")).toEqual([]);
  });

  it("without credentials for the cloud says so, and where to look", async () => {
    const shop = await workshop();
    shop.write("in.csv", "id,email,phone\n1,a,b\n");
    shop.write("record.key", randomBytes(32));
    const { PATH } = process.env;
    const env = { PATH, HOME: shop.dir, AWS_EC2_METADATA_DISABLED: "true" };
    const cloud = ["--provider", "aws", "--resource", shop.key, "--record-key", "record.key"];
    const run = start(shop, ["seal", ...usual.slice(2), ...cloud, "--in", "in.csv", "--out", "out"], [], env);
    const { exitCode, stderr } = await run.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cmkit: aws: our own credentials .*\(credentials\)\.\nSet AWS_PROFILE, .*`cmkit doctor`/);
  });
});
