import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import type { Check } from "../src/check.ts";
import { type RegistryHome, registryHome } from "./registry-home.ts";

async function checksOf(home: RegistryHome): Promise<readonly Check[]> {
  const { stdout } = await home.cmkit(["doctor", "--json"]);
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] };
  return checks.filter(({ name }) => name.startsWith("registry"));
}

describe("cmkit doctor --config", () => {
  it("finds a set-up of `cmkit init` in order, with accessors still to be filled in", async () => {
    const home = await registryHome();
    await home.token();
    expect(await checksOf(home)).toMatchObject([
      { name: `registry ${home.config}`, state: "ok" },
      { name: "registry record.key", state: "ok", found: "readable by its owner alone" },
      { name: "registry store", state: "ok" },
      { name: "registry accessors", state: "missing", needed: false },
    ]);
    home.configure({ accessors: { gcp: { access_group: "ops@example.com" } } });
    expect((await checksOf(home)).at(-1)).toMatchObject({ state: "ok", found: "gcp" });
  });

  it("tells files that others can read, another record key, and a store that is gone", async () => {
    const home = await registryHome();
    await home.token();
    chmodSync(home.path("record.key"), 0o644);
    writeFileSync(home.path("record.key"), new Uint8Array(32));
    expect((await checksOf(home)).filter(({ state }) => state === "wrong")).toMatchObject([
      { name: "registry record.key", found: "readable by others" },
      { name: "registry store", found: expect.stringMatching(/was made with another record key$/) as string },
    ]);
    rmSync(home.path("cmkit.db"));
    expect((await checksOf(home))[2]).toMatchObject({
      state: "wrong",
      found: expect.stringMatching(/^There is no store/) as string,
    });
    rmSync(home.config);
    const { exitCode, stdout } = await home.cmkit(["doctor"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^wrong +registry +There is no file .*cmkit\.json: Make a registry with `cmkit init DIR`/m);
  });
});
