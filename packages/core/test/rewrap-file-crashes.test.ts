import { spawn, type ChildProcess } from "node:child_process";
import { statSync, truncateSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { DataKeyFiles } from "./rewrap-file-records.ts";

const files = new DataKeyFiles();
afterAll(() => files.remove());

describe("whatever is cut off", () => {
  test("at every byte of what a rewrap appends, every data key opens under the key that its record names", async () => {
    const { path } = await files.make(2);
    const start = statSync(path).size;
    await files.move(path, { concurrency: 1 });
    const end = statSync(path).size;
    for (let size = end; size >= start; size -= 1) {
      truncateSync(path, size);
      const keys = await files.keys(path);
      expect((keys["local:a"] ?? 0) + (keys["local:b"] ?? 0)).toBe(2);
    }
    for (const size of [start + 1, start + 200, end - 1]) {
      const { path: cut } = await files.make(2);
      await files.move(cut, { concurrency: 1 });
      truncateSync(cut, size);
      await files.move(cut);
      expect(await files.keys(cut)).toEqual({ "local:b": 2 });
    }
  });

  test("by kill -9, again and again, with another process appending all the while: nothing is lost", async () => {
    const { path } = await files.make(100);
    const appender = worker("append", path);
    for (let kill = 0; kill < 6; kill += 1) {
      const rewrap = worker("rewrap", path);
      await rewrap.lines(1 + 3 * kill);
      await rewrap.end();
      const keys = await files.keys(path);
      expect(keys["nothing"]).toBeUndefined();
    }
    await appender.lines(10);
    const added = await appender.end();
    const ids = new Set((await files.records(path)).map(({ id }) => Buffer.from(id).toString("hex")));
    for (const id of added) expect(ids.has(id)).toBe(true);
    const result = await files.move(path);
    expect(result).toMatchObject({ dataKeys: ids.size, failed: [], elsewhere: 0 });
    expect(ids.size).toBeGreaterThanOrEqual(100 + added.length);
    expect(await files.keys(path)).toEqual({ "local:b": ids.size });
  });
});

/** A process that is ended by SIGKILL. */
function worker(what: "rewrap" | "append", path: string): { lines(count: number): Promise<void>; end(): Promise<string[]> } {
  const script = fileURLToPath(new URL("rewrap-file-worker.ts", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--conditions=@cmkit/source", script, what, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found: string[] = [];
  let rest = "";
  let heard = (): void => {};
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    found.push(...lines);
    heard();
  });
  const closed = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
  });
  return {
    lines: async (count) =>
      Promise.race([
        closed,
        new Promise<void>((resolve) => {
          heard = () => void (found.length >= count && resolve());
          heard();
        }),
      ]),
    async end() {
      child.kill("SIGKILL");
      await closed;
      return found;
    },
  };
}
