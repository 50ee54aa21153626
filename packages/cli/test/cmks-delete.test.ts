import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";

import { type Answer, cmk, id, named, refusal, registryDouble, type RegistryDouble } from "./registry-double.ts";

const argv = ["cmks", "delete", ...named];
const path = `/v1/project/acme/secrets/cmks/${id}`;
const deleted = { ...cmk, default_cmk: false, status: "deleted" };

/** Somebody who reads standard error and types. */
function typing(typed: string): { readonly typed: string; readonly terminal: NodeJS.WritableStream } {
  return { typed, terminal: new PassThrough() };
}

/** A registry with one key, on which data keys depend. */
async function keyWith(dataKeys: number): Promise<RegistryDouble & { methods(): string[] }> {
  const double = await registryDouble(({ method, path: asked }): Answer => {
    if (asked.endsWith("/service_associations")) return { json: { service_associations: [], data_keys: dataKeys } };
    if (method === "GET") return { json: { cmk } };
    if (dataKeys > 0 && !asked.endsWith("?force=true")) return refusal(409, "in-use", "It is in use by data keys.");
    return { json: { cmk: deleted } };
  });
  return { ...double, methods: () => double.asked.map(({ method }) => method) };
}

describe("cmkit cmks delete at a terminal", () => {
  it.each(["y\n", "yes\n", " YES \r\n"])("asks, and deletes when the answer is %j", async (typed) => {
    const double = await keyWith(0);
    const { exitCode, stdout, stderr } = await double.cmkit(argv, typing(typed));
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `The aws key ${cmk.resource} of project acme, the default.\nNo data key depends on it.\nDelete it? [y/N] `,
    );
    expect(stdout).toMatch(/^status +deleted$/m);
    expect(double.asked.at(-1)).toMatchObject({ method: "DELETE", path });
  });

  it.each(["n\n", "\n", "", "yep\n", "nyes\n", "no\ny\n"])(
    "deletes nothing when the answer is %j, and exits with 1",
    async (typed) => {
      const double = await keyWith(0);
      const { exitCode, stdout, stderr } = await double.cmkit(argv, typing(typed));
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(/\[y\/N\] \n?cmkit: Nothing was deleted\.\n$/);
      expect(double.methods()).toEqual(["GET", "GET"]);
    },
  );

  it.each([
    [1, "1 data key becomes unreadable, and with it all that is sealed under it."],
    [1234, "1,234 data keys become unreadable, and with them all that is sealed under them."],
  ])("says with --force that %i data keys become unreadable", async (count, words) => {
    const double = await keyWith(count);
    const { exitCode, stderr } = await double.cmkit([...argv, "--force"], typing("y\n"));
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`\n${words}\nDelete it? `);
    expect(double.asked.at(-1)).toMatchObject({ method: "DELETE", path: `${path}?force=true` });
  });

  it("does not ask what it would not do: without --force a key stays on which data keys depend", async () => {
    const double = await keyWith(2);
    const { exitCode, stderr } = await double.cmkit(argv, typing("y\n"));
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "cmkit: It is in use by data keys (in-use).\nTo update, make another key the default first. To delete, move its data keys with `cmkit rewrap`; all the same: --force.\n",
    );
  });

  it("does not ask with --yes", async () => {
    const double = await keyWith(0);
    expect(await double.cmkit([...argv, "--yes"], typing(""))).toMatchObject({ exitCode: 0, stderr: "" });
    expect(double.methods()).toEqual(["DELETE"]);
  });

  it("asks nobody who cannot see the question", async () => {
    const double = await keyWith(0);
    const { exitCode, stderr } = await double.cmkit(argv, { typed: "y\n" });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: "cmkit: expected --yes, as there is no terminal to ask at.\nSee `cmkit cmks delete --help`.\n",
    });
    expect(double.asked).toEqual([]);
  });

  it("reads no further than the answer", async () => {
    let chunks = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        chunks += 1;
        yield Buffer.alloc(1024, "y");
      }
    }
    const double = await keyWith(0);
    const { exitCode } = await double.cmkit(argv, { ...typing(""), typed: endless() });
    expect(exitCode).toBe(1);
    expect(chunks).toBeLessThan(4);
  });
});
